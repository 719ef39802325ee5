"""What a bank is trained for."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


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
    qualities : tuple of (int, int)
        Ranges of the base codec's quality. Each gets a bank of its own, with all photographs spread
        over it; their trees are the same.
    depths : tuple of int
        Levels of the tree of each filter stage; the stage has ``2**depth`` buckets.
    sharpen : float
        How much the photographs that the filters aim at are sharpened (unsharp masking of radius
        1); 0 for fidelity.
    blend : int
        Strength of a final blend stage, which takes back what sharpening breaks; 0 for none.
    min_gain : float or None
        Luma PSNR in dB that a further filter stage must gain on the validation set; the last stages
        of a bank that gain less are left out. None to keep all.
    ridge : float
        Pull of each bucket towards the filter of all buckets, as `solve` takes it.
    seed : int
        Decides how qualities and scales are spread and which photographs the validation set has.
    """

    base: str
    scales: tuple[Fraction, Fraction]
    upsample_first: bool
    qualities: tuple[tuple[int, int], ...]
    depths: tuple[int, ...]
    sharpen: float = 0.0
    blend: int = 0
    min_gain: float | None = None
    ridge: float = 100.0
    seed: int = 0
