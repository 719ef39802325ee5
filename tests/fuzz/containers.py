"""Image files as lists of parts, and back, with correct lengths and checksums.

A mutation of a part then passes the checks that a mutation of the file's bytes would fail.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

JPEG, PNG, RIFF = b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF"
START_OF_SCAN = b"\xda"
REST = b""
"""Kind of the part that holds what no part describes: scans of a JPEG, bytes after the end."""

NESTING = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"moov": 0, b"trak": 0, b"mdia": 0, b"dinf": 0}
"""Boxes that hold boxes, and the bytes before the first of them."""


@dataclass(frozen=True)
class Part:
    """A segment, chunk or box: its kind (marker or type), and its content."""

    kind: bytes
    content: bytes


def take_apart(data: bytes) -> list[Part]:
    """The parts of a JPEG, PNG, WebP or AVIF file; where it breaks off, all that follows is one."""
    if data.startswith(JPEG):
        return _jpeg_parts(data)
    if data.startswith(PNG):
        return _png_parts(data)
    if data.startswith(RIFF):
        return _riff_parts(data)
    return boxes(data)


def put_together(parts: list[Part], like: bytes) -> bytes:
    """A file of these parts in the container of `like`."""
    if like.startswith(JPEG):
        return JPEG + b"".join(map(_jpeg_segment, parts))
    if like.startswith(PNG):
        return PNG + b"".join(map(_png_chunk, parts))
    if like.startswith(RIFF):
        chunks = b"".join(map(_riff_chunk, parts))
        return RIFF + (len(chunks) + 4).to_bytes(4, "little") + b"WEBP" + chunks
    return file_of(parts)


def boxes(data: bytes) -> list[Part]:
    """The boxes of an AVIF file, or of the content of a box that holds boxes."""
    parts, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if not 8 <= size <= len(data) - at:
            return [*parts, Part(REST, data[at:])]
        parts.append(Part(data[at + 4 : at + 8], data[at + 8 : at + size]))
        at += size
    return parts


def file_of(parts: list[Part]) -> bytes:
    """The bytes of boxes."""
    return b"".join(map(_box, parts))


def _jpeg_parts(data: bytes) -> list[Part]:
    parts, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1 : at + 2] != START_OF_SCAN:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if end < at + 4 or end > len(data):
            break
        parts.append(Part(data[at + 1 : at + 2], data[at + 4 : end]))
        at = end
    return [*parts, Part(REST, data[at:])]


def _jpeg_segment(part: Part) -> bytes:
    if part.kind == REST:
        return part.content
    length = min(len(part.content) + 2, 65535)
    return b"\xff" + part.kind[:1] + length.to_bytes(2, "big") + part.content


def _png_parts(data: bytes) -> list[Part]:
    parts, at = [], len(PNG)
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if end > len(data):
            break
        parts.append(Part(data[at + 4 : at + 8], data[at + 8 : end - 4]))
        at = end
    return [*parts, Part(REST, data[at:])] if at < len(data) else parts


def _png_chunk(part: Part) -> bytes:
    if part.kind == REST:
        return part.content
    body = part.kind + part.content
    return len(part.content).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")


def _riff_parts(data: bytes) -> list[Part]:
    parts, at = [], 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + size > len(data):
            break
        parts.append(Part(data[at : at + 4], data[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return [*parts, Part(REST, data[at:])] if at < len(data) else parts


def _riff_chunk(part: Part) -> bytes:
    if part.kind == REST:
        return part.content
    padding = bytes(len(part.content) % 2)
    return part.kind + len(part.content).to_bytes(4, "little") + part.content + padding


def _box(part: Part) -> bytes:
    if part.kind == REST:
        return part.content
    return (8 + len(part.content)).to_bytes(4, "big") + part.kind + part.content
