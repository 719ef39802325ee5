"""Inflate, never beyond the size that is expected."""

from __future__ import annotations

import zlib


def inflate(data: bytes, size: int) -> bytes:
    """The content of a zlib stream.

    Raises
    ------
    ValueError
        It does not inflate to exactly `size` bytes.
    """
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(data, size + 1)
    except zlib.error as error:
        raise ValueError(f"does not inflate ({error})") from error
    if len(content) != size or not stream.eof:
        raise ValueError(f"does not inflate to {size} bytes")
    return content
