"""What the search and training have to know of a base codec."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from raisr.formats import format_named
from raisr.images.downscaling import Downscale

Encode = Callable[[NDArray[np.uint8], float], bytes]


@dataclass(frozen=True)
class BaseCodec:
    """An ordinary image format, and how raisr writes it.

    Attributes
    ----------
    name : str
        As a bank and the command line spell it.
    qualities : (int, int)
        Lowest and highest quality; equal where the codec is lossless.
    finer : int
        Files of rising size that the codec makes from one whole quality to the next: fractions of a
        quality.
    encode : callable
        An image of shape (M, N, 3), uint8, and a quality as the bytes of a file.
    encode_fast : callable
        The same in a fraction of the time, for the fast pass: a few percent larger where `encode`
        is slow, else `encode` itself.
    downscale : callable
        How photographs are downscaled for it: Lanczos' filter measured best under compression;
        clean images take the bicubic filter that super-resolution is measured with.
    """

    name: str
    qualities: tuple[int, int]
    finer: int
    encode: Encode
    encode_fast: Encode
    downscale: Downscale

    @property
    def suffix(self) -> str:
        """Of its files."""
        return format_named(self.name).suffix

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
