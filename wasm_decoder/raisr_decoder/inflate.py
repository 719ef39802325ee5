"""Inflate zlib streams of a size that is known beforehand."""

from __future__ import annotations

import zlib


def inflate(data: bytes, size: int) -> bytes:
    """The content of a zlib stream.

    Parameters
    ----------
    data : bytes
    size : int
        Bytes that the stream must inflate to; no more than one byte beyond is inflated.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        It does not inflate to exactly `size` bytes, or others follow it.
    """
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(data, size + 1)
    except zlib.error as error:
        raise ValueError(f"does not inflate ({error})") from error
    if len(content) != size or not stream.eof:
        raise ValueError(f"does not inflate to {size} bytes")
    if stream.unused_data:
        raise ValueError("ends early")
    return content
