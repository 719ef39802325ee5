"""JPEG, WebP, AVIF and PNG behind one interface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from raisr_encoder import image_io


@dataclass(frozen=True)
class BaseCodec:
    """An ordinary picture format.

    Attributes
    ----------
    name : str
        As a bank and the command line spell it.
    suffix : str
        Of its files.
    qualities : (int, int)
        Lowest and highest quality; equal where the codec is lossless.
    """

    name: str
    suffix: str
    qualities: tuple[int, int]
    _save: Callable[[NDArray[np.uint8], int], bytes]

    def encode(self, rgb: NDArray[np.uint8], quality: int) -> bytes:
        """A picture of shape (M, N, 3), uint8, as a file."""
        return self._save(rgb, quality)


def base_codec(name: str) -> BaseCodec:
    """The base codec of that name: jpeg, webp, avif or png."""
    return {codec.name: codec for codec in base_codecs()}[name]


def base_codecs() -> tuple[BaseCodec, ...]:
    """All base codecs."""
    return (
        BaseCodec("jpeg", ".jpg", (1, 95), image_io.save_jpeg),
        BaseCodec("webp", ".webp", (0, 100), image_io.save_webp),
        BaseCodec("avif", ".avif", (0, 100), image_io.save_avif),
        BaseCodec("png", ".png", (100, 100), lambda rgb, _quality: image_io.save_png(rgb)),
    )
