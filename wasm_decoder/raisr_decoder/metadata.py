"""Metadata of a payload: pack and parse. FORMAT.md, section 1, describes the bytes.

A payload is an ordinary image file; the metadata travels where its container allows private data.
No length that a file states is trusted: every step is checked against the bytes that are there.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from raisr_decoder.containers import container_of, strip
from raisr_decoder.errors import (
    ContainerDamaged,
    ContainerUnknown,
    LimitExceeded,
    MetadataDamaged,
    MetadataMissing,
    MetadataUnsupported,
)
from raisr_decoder.limits import MAX_METADATA_BYTES, MAX_PIXELS, MAX_QUALITY, MAX_SIDE

VERSION = 2

_HEADER = struct.Struct(">BIIB16s")
_FIELD = struct.Struct(">BI")
_CHECKSUM = struct.Struct(">I")
_MEASURE = struct.Struct(">h")
_NO_BANK = bytes(16)
_CRITICAL = 0x80
_PSNR, _SCORE, _ALPHA = 0x01, 0x02, 0x81


@dataclass(frozen=True)
class Metadata:
    """What a payload says about its output image.

    Attributes
    ----------
    width, height : int
        Of the output image, in pixels.
    quality : int
        Of the base codec, 0..100: what the base image was compressed with.
    bank : str or None
        Id of the bank, 32 hexadecimal digits; None where the output image is a bicubic upscale.
    psnr : float or None
        PSNR of the output image's luma in dB, as the encoder measured it.
    score : float or None
        SSIMULACRA2 of the output image, as the encoder measured it.
    alpha : bytes or None
        Alpha plane of the base image, as `alpha.parse_alpha` reads it; None where all is opaque.
    """

    width: int
    height: int
    quality: int
    bank: str | None
    psnr: float | None = None
    score: float | None = None
    alpha: bytes | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the output image."""
        return self.height, self.width


def pack(image: bytes, metadata: Metadata) -> bytes:
    """Put metadata into an image file, in place of any that it carries already.

    Parameters
    ----------
    image : bytes
        A JPEG, PNG, WebP or AVIF file.
    metadata : Metadata

    Returns
    -------
    bytes
        The payload.

    Raises
    ------
    ContainerUnknown, ContainerDamaged, LimitExceeded
    """
    container = container_of(image)
    bare = strip(image, container)
    insertion = container.scan(bare).insertion
    wrapped = container.wrap(_pack_fields(metadata))
    return container.seal(bare[:insertion] + wrapped + bare[insertion:])


def parse(payload: bytes) -> Metadata:
    """The metadata that a payload carries.

    Parameters
    ----------
    payload : bytes

    Returns
    -------
    Metadata

    Raises
    ------
    ContainerUnknown, ContainerDamaged, MetadataMissing, MetadataDamaged, MetadataUnsupported,
    LimitExceeded
    """
    container = container_of(payload)
    pieces = container.scan(payload).pieces
    if not pieces:
        raise MetadataMissing(container.name)
    size = sum(piece.stop - piece.content for piece in pieces)
    if size > MAX_METADATA_BYTES:
        raise LimitExceeded("bytes of the metadata", size, MAX_METADATA_BYTES)
    return _parse_fields(b"".join(payload[piece.content : piece.stop] for piece in pieces))


def carries_metadata(file: bytes) -> bool:
    """Whether a file is meant as a payload, even if its metadata cannot be used."""
    try:
        parse(file)
    except (ContainerUnknown, ContainerDamaged, MetadataMissing):
        return False
    except (MetadataDamaged, MetadataUnsupported, LimitExceeded):
        pass
    return True


# --- the bytes --------------------------------------------------------------------------------


def _pack_fields(metadata: Metadata) -> bytes:
    bank = _NO_BANK if metadata.bank is None else bytes.fromhex(metadata.bank)
    body = _HEADER.pack(VERSION, metadata.width, metadata.height, metadata.quality, bank)
    for tag, value in ((_PSNR, metadata.psnr), (_SCORE, metadata.score)):
        if value is not None:
            body += _FIELD.pack(tag, _MEASURE.size) + _pack_measure(value)
    if metadata.alpha is not None:
        body += _FIELD.pack(_ALPHA, len(metadata.alpha)) + metadata.alpha
    return body + _CHECKSUM.pack(zlib.crc32(body))


def _pack_measure(value: float) -> bytes:
    return _MEASURE.pack(round(max(-32768, min(32767, value * 100))))


def _parse_fields(data: bytes) -> Metadata:
    if len(data) < 1 + _CHECKSUM.size:
        raise MetadataDamaged(f"{len(data)} bytes are too few")
    body = data[: -_CHECKSUM.size]
    if zlib.crc32(body) != _CHECKSUM.unpack(data[-_CHECKSUM.size :])[0]:
        raise MetadataDamaged("its checksum does not match")
    if body[0] != VERSION:
        raise MetadataUnsupported("version", body[0])
    if len(body) < _HEADER.size:
        raise MetadataDamaged(f"{len(data)} bytes are too few")
    _, width, height, quality, bank = _HEADER.unpack_from(body)
    _check_size(width, height)
    if quality > MAX_QUALITY:
        raise MetadataDamaged(f"a quality of {quality}")
    measures: dict[int, float] = {}
    alpha = None
    for tag, value in _fields(body):
        if tag in (_PSNR, _SCORE):
            if len(value) != _MEASURE.size:
                raise MetadataDamaged(f"field {tag} has {len(value)} bytes")
            measures[tag] = _MEASURE.unpack(value)[0] / 100
        elif tag == _ALPHA:
            alpha = value
        elif tag & _CRITICAL:
            raise MetadataUnsupported("critical field", tag)
    return Metadata(
        width,
        height,
        quality,
        None if bank == _NO_BANK else bank.hex(),
        measures.get(_PSNR),
        measures.get(_SCORE),
        alpha,
    )


def _check_size(width: int, height: int) -> None:
    if not width or not height:
        raise MetadataDamaged(f"an output image of {width} x {height} pixels")
    if max(width, height) > MAX_SIDE:
        raise LimitExceeded("side of the output image", max(width, height), MAX_SIDE)
    if width * height > MAX_PIXELS:
        raise LimitExceeded("pixels of the output image", width * height, MAX_PIXELS)


def _fields(body: bytes) -> Iterator[tuple[int, bytes]]:
    offset = _HEADER.size
    while offset < len(body):
        if offset + _FIELD.size > len(body):
            raise MetadataDamaged("a field breaks off")
        tag, length = _FIELD.unpack_from(body, offset)
        offset += _FIELD.size
        if length > len(body) - offset:
            raise MetadataDamaged(f"field {tag} breaks off")
        yield tag, body[offset : offset + length]
        offset += length
