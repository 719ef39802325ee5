"""What the filters gain at scale 1 over the plain codec: the same file, with and without filters.

    python benchmarks/artefacts.py FOLDER... --base jpeg webp avif --quality 20 40 60 80

The figures are means over the photographs of all folders: bits per pixel, luma PSNR of the plain
codec's image and of the output image, and the smallest and largest gain of one photograph.
"""

from __future__ import annotations

import argparse
from fractions import Fraction
from pathlib import Path

import joblib
import numpy as np

from raisr import kernels
from raisr.bank_store import BankStore
from raisr.codecs import base_codec
from raisr.evaluation.metrics import luma_psnr
from raisr.files import find_photographs
from raisr.images.reading import decode_base, read_photo
from raisr_decoder.pipeline import restore


def main() -> None:
    """Print a table: a row for each base codec and quality."""
    parser = argparse.ArgumentParser(description="Gain of the filters at scale 1.")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--base", nargs="+", default=["jpeg", "webp", "avif"])
    parser.add_argument("--quality", nargs="+", type=int, default=[20, 40, 60, 80])
    options = parser.parse_args()

    photos = find_photographs(options.folders)
    print(
        "| base | quality | bit/pixel | plain (dB) | raisr (dB) | gain (dB) | of one photograph |"
    )
    print("|---|---:|---:|---:|---:|---:|---|")
    with joblib.Parallel(n_jobs=-1) as parallel:
        for base in options.base:
            for quality in options.quality:
                rows = parallel(joblib.delayed(measure)(path, base, quality) for path in photos)
                rate, plain, filtered = np.transpose(rows)
                gains = filtered - plain
                print(
                    f"| {base} | {quality} | {rate.mean():.2f} | {plain.mean():.2f} "
                    f"| {filtered.mean():.2f} | {gains.mean():+.2f} "
                    f"| {gains.min():+.2f} .. {gains.max():+.2f} |"
                )


def measure(path: Path, base: str, quality: int) -> tuple[float, float, float]:
    """Bits per pixel, and luma PSNR without and with the filters, of one photograph."""
    photo = read_photo(path)
    shape = photo.shape[:2]
    data = base_codec(base).encode(photo, quality)
    plain = decode_base(data)
    filters = BankStore().closest(base, Fraction(1)).filters(quality)
    output = restore(plain, filters, shape, engine=kernels.engine())
    rate = 8 * len(data) / (shape[0] * shape[1])
    return rate, luma_psnr(plain, photo), luma_psnr(output, photo)


if __name__ == "__main__":
    main()
