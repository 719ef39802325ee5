"""The banks that come with raisr: what each of them is trained for."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from raisr.training.settings import QUALITIES, Settings, qualities_within
from raisr_decoder.cells import CELL

MIN_GAIN = 0.02
"""Luma PSNR in dB that pays for the bytes and milliseconds of a further stage."""

DEPTH = 7
"""Levels of every tree."""

RANKS = {2: 18, 3: 20, 4: 20, 5: 18, 6: 16, 8: 16}
"""Basis filters of the first stage by the rows of an output block, which makes them larger."""

ENCODINGS = {"jpeg": 4, "webp": 2, "avif": 2, "png": 1}
"""How often each photograph is encoded for direct banks: filters of JPEG change most with quality.
Banks that resize first see the pixels of the output image, which are enough of one encoding."""

LATER_RANK = 15
"""Basis filters of each later stage."""


def shipped() -> list[Settings]:
    """Settings of all trainings; each gives one bank."""
    return [
        *_direct("jpeg", "1 3/2 2 5/2 3 4"),
        *_direct("webp", "1 3/2 2 3"),
        *_direct("avif", "1 3/2 2 3"),
        *_direct("png", "3/2 2 3 4", stages=3),
        # For images without metadata, which are upscaled to any size.
        *_upsample_first("png", "1 5/4 7/4 5/2 4", QUALITIES["png"]),
        *_upsample_first("jpeg", "1 3/2 5/2 4", qualities_within("jpeg", 30, 95)),
    ]


def _direct(base: str, scales: str, stages: int = 2) -> list[Settings]:
    return [
        _settings(base, (scale, scale), False, QUALITIES[base], stages)
        for scale in map(Fraction, scales.split())
    ]


def _upsample_first(base: str, borders: str, qualities: tuple[int, ...]) -> list[Settings]:
    """Banks for the ranges between scales."""
    scales = list(map(Fraction, borders.split()))
    return [_settings(base, between, True, qualities, 2) for between in pairwise(scales)]


def _settings(
    base: str,
    scales: tuple[Fraction, Fraction],
    upsample_first: bool,
    qualities: tuple[int, ...],
    stages: int,
) -> Settings:
    first = CELL if upsample_first else int(scales[0] * CELL)
    ranks = RANKS[first], *(LATER_RANK,) * (stages - 1)
    return Settings(
        base,
        scales,
        upsample_first,
        qualities,
        (DEPTH,) * stages,
        ranks,
        encodings=1 if upsample_first else ENCODINGS[base],
        min_gain=MIN_GAIN,
    )
