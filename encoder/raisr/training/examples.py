"""Spreads the qualities and scales that a bank is trained for over the photographs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from pathlib import Path

from raisr.training.settings import Settings

VALIDATION_INTERVAL = 10
"""One photograph of this many is in the validation set."""

GOLDEN_RATIO, PLASTIC_SQUARE = 0.61803398874989484820, 0.56984029099805326591
"""Steps whose multiples, modulo 1, fill 0..1 evenly, independently of each other: the golden ratio,
and the square of the plastic number's inverse."""


@dataclass(frozen=True)
class Example:
    """A photograph and how it is encoded.

    Attributes
    ----------
    number : int
        Tells examples apart.
    photo : Path
        Absolute.
    present : bool
        Whether the photograph is there, seen from where training was started.
    level : int
        The place of its quality in `Settings.qualities`.
    base : str
        Base codec.
    quality : int
        Of the base codec.
    scale : Fraction
        Output size / base size.
    upsample_first : bool
        Whether the filters see the base image after a bicubic resize.
    sharpen : float
        How much the target is sharpened; never in the validation set.
    in_validation_set : bool
        Whether the filters are measured on it instead of trained.
    """

    number: int
    photo: Path
    present: bool
    level: int
    base: str
    quality: int
    scale: Fraction
    upsample_first: bool
    sharpen: float
    in_validation_set: bool


def spread(photos: Sequence[Path], settings: Settings) -> list[Example]:
    """Each photograph at some of the qualities, all photographs spread over qualities and scales.

    Ordered by quality.
    """
    numbers = count()
    return [
        Example(
            next(numbers),
            photo.absolute(),
            photo.exists(),
            level,
            settings.base,
            quality,
            scale,
            settings.upsample_first,
            0.0 if in_validation_set else settings.sharpen,
            in_validation_set,
        )
        for level, quality in enumerate(settings.qualities)
        for photo, levels, scale, in_validation_set in _spread_photos(photos, settings)
        if level in levels
    ]


def _spread_photos(
    photos: Sequence[Path], settings: Settings
) -> Iterator[tuple[Path, set[int], Fraction, bool]]:
    """Each photograph with its levels of quality, its scale, and whether it is for validation."""
    (low, high), number, seed = settings.scales, len(photos), settings.seed
    levels = len(settings.qualities)
    encodings = min(settings.encodings, levels)
    shares = (
        _fill(number, GOLDEN_RATIO, seed * PLASTIC_SQUARE),
        _fill(number, PLASTIC_SQUARE, seed * GOLDEN_RATIO),
    )
    for place, (photo, share, part) in enumerate(zip(photos, *shares, strict=True), start=1):
        first = int(share * levels)
        yield (
            photo,
            {(first + turn * levels // encodings) % levels for turn in range(encodings)},
            low + Fraction(round(part * 64), 64) * (high - low),
            number >= VALIDATION_INTERVAL and (place + seed) % VALIDATION_INTERVAL == 0,
        )


def _fill(amount: int, step: float, start: float) -> Iterator[float]:
    """Numbers of 0..1 that any run of fills evenly, if the step is a good one."""
    return ((start + number * step) % 1 for number in range(amount))
