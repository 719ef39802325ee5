"""Luma PSNR at the same bytes: plain JPEG, and a payload at scale 2 without and with filters.

python benchmarks/same_bytes.py samples --target-size 25000
"""

from __future__ import annotations

import argparse
from fractions import Fraction
from pathlib import Path
from statistics import mean

import numpy as np
from numpy.typing import NDArray

from raisr.decoding import decode
from raisr.evaluation.metrics import luma_psnr
from raisr.files import find_photographs
from raisr.images.reading import decode_base, read_photo
from raisr.search.search import plain_within, search
from raisr.search.settings import Settings
from raisr_decoder.pipeline import NO_FILTERS, restore

COLUMNS = ("plain JPEG", "bicubic", "raisr")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photographs", nargs="+", type=Path)
    parser.add_argument("--target-size", type=int, default=25_000, help="bytes of each file")
    options = parser.parse_args()

    print(f"| luma PSNR (dB) at {options.target_size:,} bytes | " + " | ".join(COLUMNS) + " |")
    print("|---|" + "---:|" * len(COLUMNS))
    photos = find_photographs(options.photographs)
    values = [measure(read_photo(photo), options.target_size) for photo in photos]
    means = [mean(column) for column in zip(*values, strict=True)]
    names = [*(photo.stem for photo in photos), "mean"]
    for name, row in zip(names, [*values, means], strict=True):
        print(f"| {name} | " + " | ".join(f"{value:.2f}" for value in row) + " |")


def measure(photo: NDArray[np.uint8], target_size: int) -> list[float]:
    """PSNR of each column for one photograph."""
    payload = search(photo, Settings("jpeg", Fraction(2), target_size=target_size)).payload
    images = [
        decode_base(plain_within(photo, "jpeg", target_size).payload),
        restore(decode_base(payload), NO_FILTERS, photo.shape[:2]),
        decode(payload),
    ]
    return [luma_psnr(image, photo) for image in images]


if __name__ == "__main__":
    main()
