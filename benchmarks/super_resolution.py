"""PSNR of enlarged pictures, by the protocol of the super-resolution papers.

python benchmarks/super_resolution.py FOLDER... --scale 2 3 4 3/2

Luma of MATLAB's rgb2ycbcr (16..235), the picture cropped to a multiple of the scale, reduced with
the antialiased bicubic filter, rounded to 8 bits, enlarged, rounded and clipped; PSNR without a
border of ceil(scale) pixels. The columns are bicubic and the first one, two, ... stages of the bank
for clean pictures at that scale.
"""

from __future__ import annotations

import argparse
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio

from raisr_decoder.bank import Bank
from raisr_decoder.color import round_luma
from raisr_decoder.restore import restore_luma, sampling_steps
from raisr_encoder import kernels
from raisr_encoder.bank_store import BankStore
from raisr_encoder.files import find_photographs
from raisr_encoder.image_io import bicubic, read_photo
from raisr_encoder.reduce import scaled_shape


def main() -> None:
    """Print a table: a row for each folder and scale."""
    parser = argparse.ArgumentParser(description="PSNR of enlarged pictures.")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--scale", nargs="+", type=Fraction, default=[Fraction(2)])
    parser.add_argument("--bank", type=Path, help="a bank or a folder of them, preferred")
    parser.add_argument("--upsample-first", action="store_true", help="use the bank for any scale")
    options = parser.parse_args()

    banks = BankStore((options.bank,) if options.bank else ())
    print("| PSNR (dB) | scale | bicubic | stages: one, two, ... |\n|---|---:|---:|---|")
    for scale in options.scale:
        choose = banks.choose_upsample_first if options.upsample_first else banks.choose
        bank = choose("png", scale, 100)
        for folder in options.folders:
            rows = [measure(read_photo(path), scale, bank) for path in find_photographs([folder])]
            cheap, *stages = np.mean(rows, axis=0)
            figures = ", ".join(f"{value:.2f}" for value in stages)
            print(f"| {folder.name} | {scale} | {cheap:.2f} | {figures} |")


def measure(photo: NDArray[np.uint8], scale: Fraction, bank: Bank) -> list[float]:
    """PSNR of bicubic and of the first one, two, ... stages of a bank for one picture."""
    rows, columns = (size // scale.numerator * scale.numerator for size in photo.shape[:2])
    original = rgb2ycbcr(photo)[:rows, :columns, 0].astype(np.float32)
    small = round_and_clip(bicubic(original, scaled_shape((rows, columns), 1 / scale)))

    first = 2 if bank.scale is None else 1
    banks = [
        Bank(bank.base, bank.quality, bank.stages[:count])
        for count in range(first, len(bank.stages) + 1)
    ]
    cheap = round_and_clip(bicubic(small.astype(np.float32), (rows, columns)))
    shown = [cheap] + [enlarge(small, (rows, columns), each) for each in banks]
    border = math.ceil(scale)
    inner = slice(border, -border), slice(border, -border)
    return [
        float(peak_signal_noise_ratio(original[inner], picture[inner], data_range=255))
        for picture in shown
    ]


def round_and_clip(plane: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A plane of any range as 8 bits."""
    return np.clip(np.rint(plane), 0, 255).astype(np.uint8)


def enlarge(small: NDArray[np.uint8], shape: tuple[int, int], bank: Bank) -> NDArray[np.uint8]:
    """Luma through the stages of a bank."""
    steps = sampling_steps(small.shape, bank, shape)
    return round_luma(restore_luma(small, bank, shape, steps, kernels.engine()))


if __name__ == "__main__":
    main()
