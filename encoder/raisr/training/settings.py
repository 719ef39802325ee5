"""What a bank is trained for."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

QUALITIES = {
    "png": (100,),
    "jpeg": (5, 10, 18, 30, 45, 60, 75, 86, 95),
    "webp": (5, 15, 28, 42, 55, 68, 80, 90),
    "avif": (10, 20, 30, 40, 50, 60, 70, 80),
}
"""Qualities of each base codec that banks are trained for: from one to the next, the error that
coding adds grows by about the same factor."""


@dataclass(frozen=True)
class Settings:
    """What a bank is trained for.

    Attributes
    ----------
    base : str
        Base codec of the payloads.
    scales : (Fraction, Fraction)
        Lowest and highest output size / base size; the photographs are spread over the range.
    upsample_first : bool
        Whether the bank starts with a bicubic resize, which serves any scale (RAISR section II), or
        its first filters upscale, which takes one scale that the cell filter serves.
    qualities : tuple of int
        Qualities of the base codec that the photographs are spread over, rising. Between them the
        bank interpolates.
    depths : tuple of int
        Levels of the tree of each filter stage; the stage has ``2**depth`` buckets.
    ranks : tuple of int
        Basis filters of each filter stage.
    encodings : int
        How often each photograph is encoded, at different qualities, if there are as many.
    sharpen : float
        How much the photographs that the filters aim at are sharpened (unsharp masking of radius
        1); 0 for fidelity.
    blend : int
        Strength of a final blend stage, which takes back what sharpening breaks; 0 for none.
    min_gain : float or None
        Luma PSNR in dB that a further filter stage must gain on the validation set; the last stages
        that gain less are left out. None to keep all.
    ridge : float
        Pull of each bucket towards the filter of all buckets, as `solve` takes it.
    seed : int
        Decides how qualities and scales are spread and which photographs the validation set has.
    """

    base: str
    scales: tuple[Fraction, Fraction]
    upsample_first: bool
    qualities: tuple[int, ...]
    depths: tuple[int, ...]
    ranks: tuple[int, ...]
    encodings: int = 4
    sharpen: float = 0.0
    blend: int = 0
    min_gain: float | None = None
    ridge: float = 100.0
    seed: int = 0


def qualities_within(base: str, lowest: int, highest: int) -> tuple[int, ...]:
    """Qualities to train for in a range: its ends, and those of `QUALITIES` between them."""
    between = (each for each in QUALITIES[base] if lowest < each < highest)
    return tuple(dict.fromkeys([lowest, *between, highest]))
