"""PSNR of upscaled images, by the protocol of the super-resolution papers.

    python benchmarks/super_resolution.py FOLDER... --scale 2 3 4 3/2

`raisr.evaluation.super_resolution` describes the protocol. The columns are bicubic interpolation,
and the first one, two, ... stages of the bank for clean images at that scale.
"""

from __future__ import annotations

import argparse
from fractions import Fraction
from pathlib import Path

import numpy as np

from raisr.bank_store import BankStore
from raisr.evaluation.super_resolution import downscale, upscale, upscale_bicubic
from raisr.files import find_photographs
from raisr.images.reading import read_photo
from raisr_decoder.bank import Bank
from raisr_decoder.filters import Filters
from raisr_decoder.limits import MAX_QUALITY


def main() -> None:
    """Print a table: a row for each folder and scale."""
    parser = argparse.ArgumentParser(description="PSNR of upscaled images.")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--scale", nargs="+", type=Fraction, default=[Fraction(2)])
    parser.add_argument("--bank", type=Path, help="a bank or a folder of them, preferred")
    parser.add_argument("--upsample-first", action="store_true", help="use the bank for any scale")
    options = parser.parse_args()

    banks = BankStore((options.bank,) if options.bank else ())
    print("| PSNR (dB) | scale | bicubic | stages: one, two, ... |\n|---|---:|---:|---|")
    for scale in options.scale:
        if options.upsample_first:
            bank = banks.resizing("png", scale)
        else:
            bank = banks.closest("png", scale)
        for folder in options.folders:
            rows = [measure(path, scale, bank) for path in find_photographs([folder])]
            bicubic, *stages = np.mean(rows, axis=0)
            figures = ", ".join(f"{value:.2f}" for value in stages)
            print(f"| {folder.name} | {scale} | {bicubic:.2f} | {figures} |")


def measure(source: Path, scale: Fraction, bank: Bank) -> list[float]:
    """PSNR in dB of bicubic and of the first one, two, ... stages of a bank, for one image."""
    image = downscale(read_photo(source), scale, source.name)
    first = 2 if bank.scale is None else 1
    stages = bank.filters(MAX_QUALITY).stages
    filters = [Filters(stages[:count]) for count in range(first, len(stages) + 1)]
    return [
        image.psnr(plane)
        for plane in (upscale_bicubic(image), *(upscale(image, each) for each in filters))
    ]


if __name__ == "__main__":
    main()
