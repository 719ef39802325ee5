"""What tests of training share: small photographs, quick settings."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from raisr.images.reading import read_photo
from raisr.images.writing import save_png
from raisr.training.settings import Settings
from support import SAMPLES

TWO = (Fraction(2), Fraction(2))
SETTINGS = Settings("jpeg", TWO, False, (46, 58), (2, 1), (4, 2))


def silent(_step: str, _done: float, _total: float) -> None:
    pass


def crops(folder: Path, count: int) -> list[Path]:
    """Small parts of the sample photographs, so that training takes a moment."""
    folder.mkdir()
    samples = [read_photo(sample) for sample in sorted(SAMPLES.glob("*.jpg"))]
    paths = []
    for number in range(count):
        start = 100 + 200 * (number // len(samples))
        crop = samples[number % len(samples)][start : start + 200, 300:501]
        paths.append(folder / f"{number:02}.png")
        paths[-1].write_bytes(save_png(crop))
    return paths
