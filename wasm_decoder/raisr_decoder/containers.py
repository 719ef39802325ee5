"""Where metadata travels in JPEG, PNG, WebP and AVIF files: FORMAT.md, section 1.

No length that a file states is trusted: every step is checked against the bytes that are there.
"""

from __future__ import annotations

import re
import zlib
from typing import NamedTuple, Protocol

from raisr_decoder.errors import ContainerDamaged, ContainerUnknown, LimitExceeded
from raisr_decoder.limits import MAX_PARTS

_FILL = re.compile(rb"\xff+")


class Piece(NamedTuple):
    """Offsets of a segment, chunk or box that holds metadata.

    The whole is ``data[start:end]``, the metadata in it ``data[content:stop]``.
    """

    start: int
    content: int
    stop: int
    end: int


class Scan(NamedTuple):
    """The pieces of metadata in a file, and the offset where an encoder inserts some."""

    pieces: list[Piece]
    insertion: int


class Container(Protocol):
    """What this module knows about one file format."""

    @property
    def name(self) -> str: ...

    def scan(self, data: bytes) -> Scan:
        """Find the metadata; raises ContainerDamaged or LimitExceeded."""

    def wrap(self, metadata: bytes) -> bytes:
        """The bytes of metadata as segments, a chunk or a box."""

    def seal(self, data: bytes) -> bytes:
        """Correct the field that states the size of the file."""


def container_of(data: bytes) -> Container:
    """The container of a file, by its first bytes.

    Raises
    ------
    ContainerUnknown
    """
    if data[:3] == b"\xff\xd8\xff":
        return _Jpeg()
    if data[:8] == _Png.SIGNATURE:
        return _Png()
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _Webp()
    if data[4:8] == b"ftyp" and data[8:12] in (b"avif", b"avis", b"mif1"):
        return _Avif()
    raise ContainerUnknown(bytes(data[:12]))


def strip(data: bytes, container: Container) -> bytes:
    """The file without metadata.

    Raises
    ------
    ContainerDamaged, LimitExceeded
    """
    kept, start = [], 0
    for piece in container.scan(data).pieces:
        kept.append(data[start : piece.start])
        start = piece.end
    return container.seal(b"".join([*kept, data[start:]]))


def _too_many_parts() -> LimitExceeded:
    return LimitExceeded("segments, chunks or boxes of the file", MAX_PARTS + 1, MAX_PARTS)


class _Jpeg:
    """APP10 segments that start with an identifier; long metadata continues in the next one."""

    name = "JPEG"
    IDENTIFIER = b"RAISR\0"
    MARKER = b"\xff\xea"
    ROOM = 65535 - 2 - len(IDENTIFIER)

    def scan(self, data: bytes) -> Scan:
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
                pieces.append(Piece(offset, content, end, end))
            if marker == b"\xff\xe0" and insertion == offset:
                insertion = end
            offset = end
        else:
            raise _too_many_parts()
        if data.find(b"\xff\xd9", end) < 0:
            raise ContainerDamaged(self.name, len(data), "the image breaks off")
        return Scan(pieces, insertion)

    def wrap(self, metadata: bytes) -> bytes:
        parts = [
            metadata[start : start + self.ROOM] for start in range(0, len(metadata), self.ROOM)
        ]
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

    def scan(self, data: bytes) -> Scan:
        pieces, offset = [], len(self.SIGNATURE)
        for _ in range(MAX_PARTS):
            content = offset + 8
            stop = content + int.from_bytes(data[offset : offset + 4], "big")
            end = stop + 4
            if end > len(data):
                raise ContainerDamaged(self.name, offset, "a chunk breaks off")
            kind = data[offset + 4 : content]
            if kind == self.TYPE:
                pieces.append(Piece(offset, content, stop, end))
            if kind == b"IEND":
                return Scan(pieces, self.IHDR_END)
            offset = end
        raise _too_many_parts()

    def wrap(self, metadata: bytes) -> bytes:
        body = self.TYPE + metadata
        return len(metadata).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    def seal(self, data: bytes) -> bytes:
        return data


class _Webp:
    """A chunk at the end of the RIFF list; readers skip chunks that they do not know."""

    name = "WebP"
    TYPE = b"RAIS"

    def scan(self, data: bytes) -> Scan:
        total = 8 + int.from_bytes(data[4:8], "little")
        if total > len(data):
            raise ContainerDamaged(self.name, len(data), "the image breaks off")
        pieces: list[Piece] = []
        offset = 12
        for _ in range(MAX_PARTS + 1):
            if offset == total:
                return Scan(pieces, total)
            content = offset + 8
            size = int.from_bytes(data[offset + 4 : content], "little")
            stop = content + size
            end = stop + size % 2
            if content > total or end > total:
                raise ContainerDamaged(self.name, offset, "a chunk breaks off")
            if data[offset : offset + 4] == self.TYPE:
                pieces.append(Piece(offset, content, stop, end))
            offset = end
        raise _too_many_parts()

    def wrap(self, metadata: bytes) -> bytes:
        padding = bytes(len(metadata) % 2)
        return self.TYPE + len(metadata).to_bytes(4, "little") + metadata + padding

    def seal(self, data: bytes) -> bytes:
        return data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:]


class _Avif:
    """A `uuid` box at the end of the file; readers skip boxes that they do not know."""

    name = "AVIF"
    UUID = bytes.fromhex("7261697372004c9bb1a95f2d1b6c8e03")

    def scan(self, data: bytes) -> Scan:
        pieces: list[Piece] = []
        offset = 0
        for _ in range(MAX_PARTS + 1):
            if offset == len(data):
                return Scan(pieces, offset)
            content = offset + 8
            size = int.from_bytes(data[offset : offset + 4], "big")
            if size == 1:
                content = offset + 16
                size = int.from_bytes(data[offset + 8 : content], "big")
            end = offset + size
            if end < content or end > len(data):
                raise ContainerDamaged(self.name, offset, "a box breaks off")
            metadata = content + len(self.UUID)
            if data[offset + 4 : offset + 8] == b"uuid" and data[content:metadata] == self.UUID:
                pieces.append(Piece(offset, metadata, end, end))
            offset = end
        raise _too_many_parts()

    def wrap(self, metadata: bytes) -> bytes:
        size = 8 + len(self.UUID) + len(metadata)
        return size.to_bytes(4, "big") + b"uuid" + self.UUID + metadata

    def seal(self, data: bytes) -> bytes:
        return data
