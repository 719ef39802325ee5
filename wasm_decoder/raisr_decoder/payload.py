"""The metadata record: pack and parse, per container. FORMAT.md describes the bytes.

A payload is an ordinary picture; the record travels where its container allows private data. No
length that a file states is trusted: every step is checked against the bytes that are there.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from raisr_decoder.errors import (
    ContainerDamaged,
    ContainerUnknown,
    LimitExceeded,
    RecordDamaged,
    RecordMissing,
    RecordUnsupported,
)

VERSION = 1
MAX_SIDE = 65535
MAX_PIXELS = 1 << 27
MAX_RECORD_BYTES = 16 << 20
MAX_PARTS = 1 << 16
"""Segments, chunks or boxes of a file that are looked at."""

_HEADER = struct.Struct(">BII16s")
_FIELD = struct.Struct(">BI")
_CHECKSUM = struct.Struct(">I")
_MEASURE = struct.Struct(">h")
_NO_BANK = bytes(16)
_FILL = re.compile(rb"\xff+")
_CRITICAL = 0x80
_PSNR, _SCORE, _ALPHA = 0x01, 0x02, 0x81


@dataclass(frozen=True)
class Record:
    """What a payload says about the full picture.

    Attributes
    ----------
    width, height : int
        Full size in pixels.
    bank : str or None
        Id of the bank, 32 hexadecimal digits; None where bicubic alone restores the picture.
    psnr : float or None
        PSNR of the restored luma in dB, as the encoder measured it.
    score : float or None
        SSIMULACRA2 of the restored picture, as the encoder measured it.
    alpha : bytes or None
        Alpha plane of the base picture, as `alpha.parse_alpha` reads it; None where it is opaque.
    """

    width: int
    height: int
    bank: str | None
    psnr: float | None = None
    score: float | None = None
    alpha: bytes | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the full picture."""
        return self.height, self.width


def pack(picture: bytes, record: Record) -> bytes:
    """Put a record into a JPEG, PNG, WebP or AVIF file, in place of one that it may carry.

    Raises
    ------
    ContainerUnknown, ContainerDamaged, LimitExceeded
    """
    container = _container(picture)
    bare = _strip(picture, container)
    insertion = container.scan(bare).insertion
    wrapped = container.wrap(_pack_record(record))
    return container.seal(bare[:insertion] + wrapped + bare[insertion:])


def parse(payload: bytes) -> Record:
    """The record that a payload carries.

    Raises
    ------
    ContainerUnknown, ContainerDamaged, RecordMissing, RecordDamaged, RecordUnsupported,
    LimitExceeded
    """
    container = _container(payload)
    pieces = container.scan(payload).pieces
    if not pieces:
        raise RecordMissing(container.name)
    size = sum(piece.stop - piece.content for piece in pieces)
    if size > MAX_RECORD_BYTES:
        raise LimitExceeded("bytes of the record", size, MAX_RECORD_BYTES)
    return _parse_record(b"".join(payload[piece.content : piece.stop] for piece in pieces))


def carries_record(file: bytes) -> bool:
    """Whether a file is meant as a payload, even if its record cannot be used."""
    try:
        parse(file)
    except (ContainerUnknown, ContainerDamaged, RecordMissing):
        return False
    except (RecordDamaged, RecordUnsupported, LimitExceeded):
        pass
    return True


# --- the record -------------------------------------------------------------------------------


def _pack_record(record: Record) -> bytes:
    bank = _NO_BANK if record.bank is None else bytes.fromhex(record.bank)
    body = _HEADER.pack(VERSION, record.width, record.height, bank)
    for tag, value in ((_PSNR, record.psnr), (_SCORE, record.score)):
        if value is not None:
            body += _FIELD.pack(tag, _MEASURE.size) + _pack_measure(value)
    if record.alpha is not None:
        body += _FIELD.pack(_ALPHA, len(record.alpha)) + record.alpha
    return body + _CHECKSUM.pack(zlib.crc32(body))


def _pack_measure(value: float) -> bytes:
    return _MEASURE.pack(round(max(-32768, min(32767, value * 100))))


def _parse_record(data: bytes) -> Record:
    if len(data) < 1 + _CHECKSUM.size:
        raise RecordDamaged(f"{len(data)} bytes are too few")
    body = data[: -_CHECKSUM.size]
    if zlib.crc32(body) != _CHECKSUM.unpack(data[-_CHECKSUM.size :])[0]:
        raise RecordDamaged("its checksum does not match")
    if body[0] != VERSION:
        raise RecordUnsupported("version", body[0])
    if len(body) < _HEADER.size:
        raise RecordDamaged(f"{len(data)} bytes are too few")
    _, width, height, bank = _HEADER.unpack_from(body)
    _check_size(width, height)
    measures: dict[int, float] = {}
    alpha = None
    for tag, value in _fields(body):
        if tag in (_PSNR, _SCORE):
            if len(value) != _MEASURE.size:
                raise RecordDamaged(f"field {tag} has {len(value)} bytes")
            measures[tag] = _MEASURE.unpack(value)[0] / 100
        elif tag == _ALPHA:
            alpha = value
        elif tag & _CRITICAL:
            raise RecordUnsupported("critical field", tag)
    return Record(
        width,
        height,
        None if bank == _NO_BANK else bank.hex(),
        measures.get(_PSNR),
        measures.get(_SCORE),
        alpha,
    )


def _check_size(width: int, height: int) -> None:
    if not width or not height:
        raise RecordDamaged(f"a full picture of {width} x {height} pixels")
    if max(width, height) > MAX_SIDE:
        raise LimitExceeded("side of the full picture", max(width, height), MAX_SIDE)
    if width * height > MAX_PIXELS:
        raise LimitExceeded("pixels of the full picture", width * height, MAX_PIXELS)


def _fields(body: bytes) -> Iterator[tuple[int, bytes]]:
    offset = _HEADER.size
    while offset < len(body):
        if offset + _FIELD.size > len(body):
            raise RecordDamaged("a field breaks off")
        tag, length = _FIELD.unpack_from(body, offset)
        offset += _FIELD.size
        if length > len(body) - offset:
            raise RecordDamaged(f"field {tag} breaks off")
        yield tag, body[offset : offset + length]
        offset += length


# --- containers -------------------------------------------------------------------------------


class _Piece(NamedTuple):
    """A segment, chunk or box of ours: it starts, its content starts, content and it stop."""

    start: int
    content: int
    stop: int
    end: int


class _Scan(NamedTuple):
    pieces: list[_Piece]
    insertion: int


class _Container(Protocol):
    @property
    def name(self) -> str: ...

    def scan(self, data: bytes) -> _Scan:
        """Our pieces, and where they belong."""

    def wrap(self, record: bytes) -> bytes:
        """A record as pieces."""

    def seal(self, data: bytes) -> bytes:
        """Correct what states the size of the file."""


def _container(data: bytes) -> _Container:
    if data[:3] == b"\xff\xd8\xff":
        return _Jpeg()
    if data[:8] == _Png.SIGNATURE:
        return _Png()
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _Webp()
    if data[4:8] == b"ftyp" and data[8:12] in (b"avif", b"avis", b"mif1"):
        return _Avif()
    raise ContainerUnknown(bytes(data[:12]))


def _strip(data: bytes, container: _Container) -> bytes:
    kept, start = [], 0
    for piece in container.scan(data).pieces:
        kept.append(data[start : piece.start])
        start = piece.end
    return container.seal(b"".join([*kept, data[start:]]))


def _too_many_parts() -> LimitExceeded:
    return LimitExceeded("segments, chunks or boxes of the file", MAX_PARTS + 1, MAX_PARTS)


class _Jpeg:
    """APP10 segments that start with an identifier; a long record continues in the next one."""

    name = "JPEG"
    IDENTIFIER = b"RAISR\0"
    MARKER = b"\xff\xea"
    ROOM = 65535 - 2 - len(IDENTIFIER)

    def scan(self, data: bytes) -> _Scan:
        pieces, insertion, offset, end = [], 2, 2, 2
        for _ in range(MAX_PARTS):
            fill = _FILL.match(data, offset)
            if fill is None:
                raise ContainerDamaged(self.name, offset, "no marker")
            offset = fill.end() - 1
            marker = data[offset : offset + 2]
            end = offset + 2 + int.from_bytes(data[offset + 2 : offset + 4], "big")
            if end < offset + 4 or end > len(data):
                raise ContainerDamaged(self.name, offset, "a segment breaks off")
            if marker == b"\xff\xda":
                break
            content = offset + 4 + len(self.IDENTIFIER)
            if marker == self.MARKER and data[offset + 4 : content] == self.IDENTIFIER:
                pieces.append(_Piece(offset, content, end, end))
            if marker == b"\xff\xe0" and insertion == offset:
                insertion = end
            offset = end
        else:
            raise _too_many_parts()
        if data.find(b"\xff\xd9", end) < 0:
            raise ContainerDamaged(self.name, len(data), "the picture breaks off")
        return _Scan(pieces, insertion)

    def wrap(self, record: bytes) -> bytes:
        parts = [record[start : start + self.ROOM] for start in range(0, len(record), self.ROOM)]
        return b"".join(
            self.MARKER
            + (2 + len(self.IDENTIFIER) + len(part)).to_bytes(2, "big")
            + self.IDENTIFIER
            + part
            for part in parts
        )

    def seal(self, data: bytes) -> bytes:
        return data


class _Png:
    """A private ancillary chunk after IHDR, not safe to copy when pixels change."""

    name = "PNG"
    SIGNATURE = b"\x89PNG\r\n\x1a\n"
    TYPE = b"raSR"
    IHDR_END = 33

    def scan(self, data: bytes) -> _Scan:
        pieces, offset = [], len(self.SIGNATURE)
        for _ in range(MAX_PARTS):
            content = offset + 8
            stop = content + int.from_bytes(data[offset : offset + 4], "big")
            end = stop + 4
            if end > len(data):
                raise ContainerDamaged(self.name, offset, "a chunk breaks off")
            kind = data[offset + 4 : content]
            if kind == self.TYPE:
                pieces.append(_Piece(offset, content, stop, end))
            if kind == b"IEND":
                return _Scan(pieces, self.IHDR_END)
            offset = end
        raise _too_many_parts()

    def wrap(self, record: bytes) -> bytes:
        body = self.TYPE + record
        return len(record).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    def seal(self, data: bytes) -> bytes:
        return data


class _Webp:
    """A chunk at the end of the RIFF list; readers skip chunks that they do not know."""

    name = "WebP"
    TYPE = b"RAIS"

    def scan(self, data: bytes) -> _Scan:
        total = 8 + int.from_bytes(data[4:8], "little")
        if total > len(data):
            raise ContainerDamaged(self.name, len(data), "the picture breaks off")
        pieces: list[_Piece] = []
        offset = 12
        for _ in range(MAX_PARTS + 1):
            if offset == total:
                return _Scan(pieces, total)
            content = offset + 8
            size = int.from_bytes(data[offset + 4 : content], "little")
            stop = content + size
            end = stop + size % 2
            if content > total or end > total:
                raise ContainerDamaged(self.name, offset, "a chunk breaks off")
            if data[offset : offset + 4] == self.TYPE:
                pieces.append(_Piece(offset, content, stop, end))
            offset = end
        raise _too_many_parts()

    def wrap(self, record: bytes) -> bytes:
        padding = bytes(len(record) % 2)
        return self.TYPE + len(record).to_bytes(4, "little") + record + padding

    def seal(self, data: bytes) -> bytes:
        return data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:]


class _Avif:
    """A `uuid` box at the end of the file; readers skip boxes that they do not know."""

    name = "AVIF"
    UUID = bytes.fromhex("7261697372004c9bb1a95f2d1b6c8e03")

    def scan(self, data: bytes) -> _Scan:
        pieces: list[_Piece] = []
        offset = 0
        for _ in range(MAX_PARTS + 1):
            if offset == len(data):
                return _Scan(pieces, offset)
            content = offset + 8
            size = int.from_bytes(data[offset : offset + 4], "big")
            if size == 1:
                content = offset + 16
                size = int.from_bytes(data[offset + 8 : content], "big")
            end = offset + size
            if end < content or end > len(data):
                raise ContainerDamaged(self.name, offset, "a box breaks off")
            record = content + len(self.UUID)
            if data[offset + 4 : offset + 8] == b"uuid" and data[content:record] == self.UUID:
                pieces.append(_Piece(offset, record, end, end))
            offset = end
        raise _too_many_parts()

    def wrap(self, record: bytes) -> bytes:
        size = 8 + len(self.UUID) + len(record)
        return size.to_bytes(4, "big") + b"uuid" + self.UUID + record

    def seal(self, data: bytes) -> bytes:
        return data
