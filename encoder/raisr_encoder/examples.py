"""What a bank is trained for, and how that spreads over the photographs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

HELD_BACK = 10
"""One photograph of this many is measured and not trained on."""


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
        its first filters enlarge, which takes one scale that the cell filter serves.
    quality : (int, int)
        Range of the base codec's quality; the photographs are spread over it.
    depths : tuple of int
        Levels of the tree of each filter stage; the stage has ``2**depth`` buckets.
    sharpen : float
        How much the photographs that the filters aim at are sharpened (unsharp masking of radius
        1); 0 for fidelity.
    blend : int
        Strength of a final blend stage, which takes back what sharpening breaks; 0 for none.
    ridge : float
        Pull of each bucket towards the filter of all buckets, as `solve` takes it.
    seed : int
        Decides how qualities, scales and the photographs held back are spread.
    """

    base: str
    scales: tuple[Fraction, Fraction]
    upsample_first: bool
    quality: tuple[int, int]
    depths: tuple[int, ...]
    sharpen: float = 0.0
    blend: int = 0
    ridge: float = 100.0
    seed: int = 0


@dataclass(frozen=True)
class Example:
    """A photograph and how it is coded.

    Attributes
    ----------
    number : int
        Tells examples apart.
    photo : Path
        Absolute.
    present : bool
        Whether the photograph is there, seen from where training was started.
    base : str
        Base codec.
    quality : int
        Of the base codec.
    scale : Fraction
        Output size / base size.
    upsample_first : bool
        Whether the filters see the base picture after a bicubic resize.
    sharpen : float
        How much the target is sharpened; what is held back is compared with the original.
    held_back : bool
        Whether the filters are measured on it and not trained.
    """

    number: int
    photo: Path
    present: bool
    base: str
    quality: int
    scale: Fraction
    upsample_first: bool
    sharpen: float
    held_back: bool


def spread(photos: Sequence[Path], settings: Settings) -> list[Example]:
    """The photographs, with qualities and scales from all of their ranges."""
    count, seed = len(photos), settings.seed
    (lowest, highest), (low, high) = settings.quality, settings.scales
    qualities = [lowest + int(part * (highest + 1 - lowest)) for part in _fill(count, 0, seed)]
    shares = [Fraction(round(part * 64), 64) for part in _fill(count, 1, seed)]
    examples = []
    for number, (photo, quality, share) in enumerate(zip(photos, qualities, shares, strict=True)):
        held_back = count >= HELD_BACK and (number + 1 + seed) % HELD_BACK == 0
        examples.append(
            Example(
                number,
                photo.absolute(),
                photo.exists(),
                settings.base,
                quality,
                low + share * (high - low),
                settings.upsample_first,
                0.0 if held_back else settings.sharpen,
                held_back,
            )
        )
    return examples


def _fill(count: int, axis: int, seed: int) -> Iterator[float]:
    """Numbers of 0..1 that fill the range evenly, along several axes independent of each other."""
    # Fractions of multiples of the plastic number's powers (Roberts' R2 sequence).
    step = 1 / 1.32471795724474602596 ** (axis + 1)
    # Seeds start at places that fill the range evenly, too (multiples of the golden ratio).
    start = seed * 0.61803398874989484820
    return ((start + number * step) % 1 for number in range(count))
