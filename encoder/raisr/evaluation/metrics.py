"""How close a picture is to its original."""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.typing import NDArray
from ssimulacra2 import compute_ssimulacra2

from raisr_decoder.color import luma

Area = tuple[slice, slice]

LARGE = 3_000_000
"""Pixels of the largest picture that is judged as a whole."""

TILE = 512
"""Rows and columns of a place where a larger one is judged."""


def luma_psnr(picture: NDArray[np.uint8], original: NDArray[np.uint8]) -> float:
    """PSNR of full-range luma in dB of pictures of shape (M, N, 3); infinite where equal."""
    return plane_psnr(luma(picture), luma(original))


def plane_psnr(plane: NDArray[np.uint8], original: NDArray[np.uint8]) -> float:
    """PSNR in dB of planes of shape (M, N); infinite where equal."""
    difference = np.subtract(plane, original, dtype=np.int32)
    error = float(np.mean(np.square(difference), dtype=np.float64))
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def luma_ssim(picture: NDArray[np.uint8], original: NDArray[np.uint8]) -> float:
    """SSIM of full-range luma of pictures of shape (M, N, 3), 11 rows and columns at least.

    As in Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error Visibility to
    Structural Similarity" (2004): Gaussian windows of 1.5 pixels.
    """
    # Comparisons alone take it: encoding works without scikit-image.
    from skimage.metrics import structural_similarity

    settings = {"gaussian_weights": True, "use_sample_covariance": False, "data_range": 255}
    planes = luma(original), luma(picture)
    return float(structural_similarity(*planes, **settings))  # type: ignore[no-untyped-call]


def judged_areas(shape: tuple[int, int]) -> list[Area]:
    """Where a picture of that shape is judged: everywhere, or in nine places if it is large.

    SSIMULACRA2 takes 400 bytes of memory and half a microsecond a pixel.
    """
    if shape[0] * shape[1] <= LARGE:
        return [np.s_[:, :]]
    rows, columns = (sorted({*np.linspace(0, max(0, size - TILE), 3, dtype=int)}) for size in shape)
    return [np.s_[top : top + TILE, left : left + TILE] for top in rows for left in columns]


def ssimulacra2(picture: NDArray[np.uint8], original: NDArray[np.uint8]) -> float:
    """SSIMULACRA2 of pictures of shape (M, N, 3): 100 where equal; 70 is high quality, 30 low.

    Jon Sneyers, "SSIMULACRA 2" (Cloudinary, 2022).
    """
    files = (io.BytesIO(_ppm(each)) for each in (original, picture))
    return float(compute_ssimulacra2(*files))


def _ppm(rgb: NDArray[np.uint8]) -> bytes:
    """The pixels as they are, in a file that the package reads in no time."""
    rows, columns, _ = rgb.shape
    return b"P6 %d %d 255\n" % (columns, rows) + rgb.tobytes()
