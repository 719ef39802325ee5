"""The banks that come with raisr: what each of them is trained for."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from raisr.training.settings import Settings

MIN_GAIN = 0.04
"""Luma PSNR in dB that pays for the bytes and milliseconds of a further stage."""


def shipped() -> list[Settings]:
    """Settings of all trainings; each gives a bank for each of its ranges of quality."""
    return [
        *_direct("jpeg", "1 3/2 2 5/2 3 4", (5, 24), (25, 49), (50, 74), (75, 95)),
        *_direct("webp", "1 3/2 2 3", (5, 34), (35, 64), (65, 90)),
        *_direct("avif", "1 3/2 2 3", (10, 34), (35, 54), (55, 80)),
        *_direct("png", "3/2 2 3 4", (100, 100), stages=3),
        # For images without metadata, which are upscaled to any size.
        *_upsample_first("png", "1 5/4 7/4 5/2 4", (100, 100)),
        *_upsample_first("jpeg", "1 3/2 5/2 4", (30, 95)),
    ]


def _direct(base: str, scales: str, *qualities: tuple[int, int], stages: int = 2) -> list[Settings]:
    return [
        Settings(base, (scale, scale), False, qualities, (6,) * stages, min_gain=MIN_GAIN)
        for scale in map(Fraction, scales.split())
    ]


def _upsample_first(base: str, borders: str, *qualities: tuple[int, int]) -> list[Settings]:
    """Banks for the ranges between scales."""
    scales = list(map(Fraction, borders.split()))
    return [
        Settings(base, between, True, qualities, (6, 6), min_gain=MIN_GAIN)
        for between in pairwise(scales)
    ]
