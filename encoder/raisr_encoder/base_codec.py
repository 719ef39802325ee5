"""JPEG, WebP, AVIF and PNG behind one interface."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from raisr_encoder import image_io
from raisr_encoder.reduce import Reduce

Encode = Callable[[NDArray[np.uint8], float], bytes]


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
    finer : int
        Files of rising size that the codec makes from one whole quality to the next: fractions of a
        quality.
    encode : callable
        A picture of shape (M, N, 3), uint8, and a quality as the bytes of a file.
    draft : callable
        The same in a fraction of the time, for searching: a few percent larger where `encode` is
        slow, else `encode` itself.
    reduce : callable
        How photographs are reduced for it: Lanczos' filter measured best under compression; clean
        pictures are reduced with the bicubic filter that super-resolution is measured with.
    """

    name: str
    suffix: str
    qualities: tuple[int, int]
    finer: int
    encode: Encode
    draft: Encode
    reduce: Reduce

    @property
    def lossless(self) -> bool:
        return self.qualities[0] == self.qualities[1]

    @property
    def ladder(self) -> Sequence[int]:
        """All whole qualities, rising."""
        lowest, highest = self.qualities
        return range(lowest, highest + 1)

    def fractions(self, quality: float) -> Sequence[float]:
        """A whole quality and what follows up to the next one, by rising size of the files."""
        start = quality * self.finer
        return [quality, *((start + part) / self.finer for part in range(1, self.finer))]

    def nearest(self, quality: int) -> int:
        """The quality of this codec that is closest to one of 0..100."""
        lowest, highest = self.qualities
        return min(max(quality, lowest), highest)


def base_codec(name: str) -> BaseCodec:
    """The base codec of that name: jpeg, webp, avif or png."""
    return {codec.name: codec for codec in base_codecs()}[name]


def base_codecs() -> tuple[BaseCodec, ...]:
    """All base codecs."""
    jpeg, webp, avif = image_io.save_jpeg, image_io.save_webp, image_io.save_avif
    return (
        BaseCodec("jpeg", ".jpg", (1, 95), 1, jpeg, jpeg, image_io.lanczos),
        BaseCodec("webp", ".webp", (0, 100), 1, webp, webp, image_io.lanczos),
        BaseCodec("avif", ".avif", (0, 99), 50, avif, _draft_avif, image_io.lanczos),
        BaseCodec("png", ".png", (100, 100), 1, _save_png, _save_png, image_io.bicubic),
    )


def _draft_avif(rgb: NDArray[np.uint8], quality: float) -> bytes:
    return image_io.save_avif(rgb, quality, speed=7)


def _save_png(rgb: NDArray[np.uint8], _quality: float) -> bytes:
    return image_io.save_png(rgb)
