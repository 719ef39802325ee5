from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

import reference
from raisr.codecs import base_codecs
from raisr.images.reading import decode_base
from raisr_decoder import containers
from raisr_decoder.errors import (
    ContainerDamaged,
    ContainerUnknown,
    LimitExceeded,
    MetadataDamaged,
    MetadataMissing,
    MetadataUnsupported,
    PayloadError,
    RaisrError,
)
from raisr_decoder.limits import MAX_PARTS
from raisr_decoder.metadata import Metadata, carries_metadata, pack, parse
from support import random_picture

METADATA = Metadata(1500, 1000, 70, "0123456789abcdef" * 2, psnr=34.25, score=-1.5)
IMAGE = random_picture(1, 40, 60)
FILES = {codec.name: codec.encode(IMAGE, 60) for codec in base_codecs()}


def lossless_webp_without_vp8x() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(IMAGE).save(stream, "WEBP", lossless=True)
    return stream.getvalue()


FILES["lossless webp"] = lossless_webp_without_vp8x()


@pytest.fixture(params=FILES)
def image(request: pytest.FixtureRequest) -> bytes:
    return FILES[request.param]


def test_metadata_survives_a_round_trip(image: bytes) -> None:
    assert parse(pack(image, METADATA)) == METADATA


def test_metadata_changes_no_pixel(image: bytes) -> None:
    assert (decode_base(pack(image, METADATA)) == decode_base(image)).all()


def test_packing_again_replaces_the_metadata(image: bytes) -> None:
    other = Metadata(3, 2, 0, None)
    assert parse(pack(pack(image, METADATA), other)) == other
    assert pack(pack(image, METADATA), other) == pack(image, other)


def test_metadata_costs_few_bytes(image: bytes) -> None:
    assert len(pack(image, METADATA)) - len(image) < 80


def test_ordinary_images_have_no_metadata(image: bytes) -> None:
    with pytest.raises(MetadataMissing):
        parse(image)


def test_every_truncation_is_refused(image: bytes) -> None:
    data = pack(image, METADATA)
    for end in range(len(data)):
        with pytest.raises(PayloadError):
            parse(data[:end])


def test_every_flipped_bit_is_refused_or_harmless(image: bytes) -> None:
    data = pack(image, METADATA)
    for offset in range(len(data)):
        damaged = bytearray(data)
        damaged[offset] ^= 1 << offset % 8
        try:
            assert parse(bytes(damaged)) == METADATA
        except PayloadError:
            continue


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\xff\xd8", b"<html>", bytes(100)])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(ContainerUnknown):
        parse(data)


def test_long_metadata_spans_several_jpeg_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers._Jpeg, "ROOM", 7)
    data = pack(FILES["jpeg"], METADATA)
    assert data.count(containers._Jpeg.IDENTIFIER) > 3
    assert parse(data) == METADATA


def with_body(body: bytes) -> bytes:
    """A PNG whose metadata has these bytes and a correct checksum."""
    record = body + zlib.crc32(body).to_bytes(4, "big")
    chunk = b"raSR" + record
    png = FILES["png"]
    return (
        png[:33]
        + struct.pack(">I", len(record))
        + chunk
        + zlib.crc32(chunk).to_bytes(4, "big")
        + png[33:]
    )


def header(version: int = 2, width: int = 8, height: int = 9, quality: int = 100) -> bytes:
    return struct.pack(">BIIB16s", version, width, height, quality, bytes(16))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", MetadataDamaged),
        (header()[:-1], MetadataDamaged),
        (header(version=1), MetadataUnsupported),
        (header(version=3), MetadataUnsupported),
        (header(quality=101), MetadataDamaged),
        (header(quality=255), MetadataDamaged),
        (header(width=0), MetadataDamaged),
        (header(height=65536), LimitExceeded),
        (header(width=65535, height=65535), LimitExceeded),
        (header() + b"\x7f", MetadataDamaged),
        (header() + b"\x7f\xff\xff\xff\xff", MetadataDamaged),
        (header() + b"\x01\0\0\0\x01\0", MetadataDamaged),
        (header() + b"\xff\0\0\0\0", MetadataUnsupported),
    ],
)
def test_impossible_metadata_is_refused(body: bytes, error: type[RaisrError]) -> None:
    with pytest.raises(error):
        parse(with_body(body))
    with pytest.raises(ValueError, match=r"."):
        reference.parse_payload(with_body(body))


def test_unknown_fields_are_skipped_unless_critical() -> None:
    assert parse(with_body(header() + b"\x7f\0\0\0\x02ab")) == Metadata(8, 9, 100, None)


def test_a_damaged_jpeg_marker_is_named() -> None:
    data = bytearray(pack(FILES["jpeg"], METADATA))
    length = data.index(b"RAISR\0") - 2
    marker = length + int.from_bytes(data[length : length + 2])
    assert data[marker] == 0xFF
    data[marker] = 0
    with pytest.raises(ContainerDamaged) as caught:
        parse(bytes(data))
    assert (caught.value.container, caught.value.offset) == ("JPEG", marker)


def test_measures_are_clamped() -> None:
    infinite = Metadata(8, 9, 100, None, psnr=float("inf"), score=-1e9)
    assert parse(pack(FILES["png"], infinite)) == Metadata(8, 9, 100, None, 327.67, -327.68)


def test_pieces_are_found_in_any_buffer() -> None:
    assert parse(bytes(np.frombuffer(pack(FILES["png"], METADATA), np.uint8))) == METADATA


EMPTY_PART = {
    "jpeg": b"\xff\xec\0\2",
    "png": bytes(4) + b"juNK" + zlib.crc32(b"juNK").to_bytes(4, "big"),
    "webp": b"JUNK" + bytes(4),
    "avif": (8).to_bytes(4, "big") + b"free",
}
BEHIND = {"jpeg": 2, "png": 33, "webp": 12, "avif": None}


def with_parts(container: str, part: bytes, count: int) -> bytes:
    """A payload with `count` copies of a part inserted."""
    data = pack(FILES[container], METADATA)
    place = BEHIND[container] or len(data)
    longer = data[:place] + count * part + data[place:]
    if container == "webp":
        longer = longer[:4] + (len(longer) - 8).to_bytes(4, "little") + longer[8:]
    return longer


@pytest.mark.parametrize("container", EMPTY_PART)
def test_a_file_of_too_many_parts_is_refused(container: str) -> None:
    few = with_parts(container, EMPTY_PART[container], MAX_PARTS // 2)
    assert parse(few) == METADATA
    assert reference.parse_payload(few).columns == METADATA.width
    many = with_parts(container, EMPTY_PART[container], MAX_PARTS)
    with pytest.raises(LimitExceeded, match="segments, chunks or boxes"):
        parse(many)
    with pytest.raises(ValueError, match="number of"):
        reference.parse_payload(many)


def test_packing_removes_any_number_of_pieces() -> None:
    """In time linear in the size of the file: quadratic time would be minutes here."""
    piece = bytes(4) + b"raSR" + zlib.crc32(b"raSR").to_bytes(4, "big")
    data = FILES["png"][:33] + 60_000 * piece + FILES["png"][33:]
    assert pack(data, METADATA) == pack(FILES["png"], METADATA)


def test_fill_bytes_before_a_marker_do_not_matter() -> None:
    data = pack(FILES["jpeg"], METADATA)
    filled = data[:2] + (1 << 22) * b"\xff" + data[2:]
    assert parse(filled) == METADATA


@pytest.mark.parametrize("size", [0, 2, 7, (1 << 32) - 1])
@pytest.mark.parametrize("kind", [b"uuid", b"meta"])
def test_a_box_that_overlaps_others_or_itself_is_refused(size: int, kind: bytes) -> None:
    with pytest.raises(ContainerDamaged, match="box"):
        parse(pack(FILES["avif"], METADATA) + size.to_bytes(4, "big") + kind + bytes(24))


@pytest.mark.parametrize("size", [0, 1, 8, 15, (1 << 63) + 3, (1 << 64) - 1])
def test_a_long_box_that_overlaps_others_or_itself_is_refused(size: int) -> None:
    box = b"\0\0\0\1uuid" + size.to_bytes(8, "big") + bytes(24)
    with pytest.raises(ContainerDamaged, match="box"):
        parse(pack(FILES["avif"], METADATA) + box)


def test_of_a_file_within_a_file_only_the_outer_one_counts() -> None:
    inner, outer = pack(FILES["png"], Metadata(1, 1, 5, None)), pack(FILES["jpeg"], METADATA)
    thumbnail = pack(FILES["jpeg"], Metadata(1, 1, 5, None))
    segment = b"\xff\xec" + (2 + len(thumbnail)).to_bytes(2, "big") + thumbnail
    assert parse(outer[:2] + segment + outer[2:] + inner) == METADATA
    assert parse(inner + outer) == Metadata(1, 1, 5, None)


def test_a_file_whose_metadata_cannot_be_used_is_a_payload_nevertheless() -> None:
    payload = pack(FILES["jpeg"], METADATA)
    place = payload.index(b"RAISR\0") + 8
    damaged = payload[:place] + bytes([payload[place] ^ 1]) + payload[place + 1 :]
    with pytest.raises(MetadataDamaged):
        parse(damaged)
    assert carries_metadata(payload)
    assert carries_metadata(damaged)
    assert not carries_metadata(FILES["jpeg"])
    assert not carries_metadata(b"text")
