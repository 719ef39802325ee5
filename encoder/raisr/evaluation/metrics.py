"""How close an image comes to the reference image."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.color import luma

Area = tuple[slice, slice]

LARGE = 3_000_000
"""Pixels of the largest image that SSIMULACRA2 is computed of as a whole."""

TILE = 512
"""Rows and columns of each of the areas of a larger one."""

STRIP_PIXELS = 1 << 20
"""Pixels that PSNR looks at at the same time; each takes about 30 bytes."""


def luma_psnr(image: NDArray[np.uint8], reference: NDArray[np.uint8]) -> float:
    """PSNR in dB of full-range luma; infinite where equal.

    Parameters
    ----------
    image, reference : ndarray of shape (M, N, 3), uint8
    """
    return _psnr(
        (luma(image[rows]), luma(reference[rows])) for rows in _strips(len(image), image.shape[1])
    )


def plane_psnr(plane: NDArray[np.uint8], reference: NDArray[np.uint8]) -> float:
    """PSNR in dB of planes of shape (M, N), uint8; infinite where equal."""
    return _psnr((plane[rows], reference[rows]) for rows in _strips(len(plane), plane.shape[1]))


def _psnr(parts: Iterable[tuple[NDArray[np.uint8], NDArray[np.uint8]]]) -> float:
    """PSNR in dB of planes of which some rows after the other are given."""
    squares = samples = 0
    for plane, reference in parts:
        difference = np.subtract(plane, reference, dtype=np.int32)
        squares += int(np.sum(np.square(difference), dtype=np.int64))
        samples += difference.size
    return math.inf if squares == 0 else 10 * math.log10(255**2 * samples / squares)


def _strips(rows: int, columns: int) -> Iterator[slice]:
    """Rows of an image, so many at a time that they take little memory."""
    size = max(1, STRIP_PIXELS // columns)
    return (slice(start, start + size) for start in range(0, rows, size))


def luma_ssim(image: NDArray[np.uint8], reference: NDArray[np.uint8]) -> float:
    """SSIM of full-range luma, with Gaussian windows of standard deviation 1.5 pixels.

    Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error Visibility to Structural
    Similarity" (2004). It needs the extra `raisr[train]`.

    Parameters
    ----------
    image, reference : ndarray of shape (M, N, 3), uint8
        Of 11 rows and columns at least.
    """
    from skimage.metrics import structural_similarity

    settings = {"gaussian_weights": True, "use_sample_covariance": False, "data_range": 255}
    planes = luma(reference), luma(image)
    return float(structural_similarity(*planes, **settings))  # type: ignore[no-untyped-call]


def judged_areas(shape: tuple[int, int]) -> list[Area]:
    """Areas that SSIMULACRA2 is computed of: the whole image, or nine areas of a large one.

    Of a large image as a whole it would take more than a gigabyte of memory.
    """
    if shape[0] * shape[1] <= LARGE:
        return [np.s_[:, :]]
    rows, columns = (sorted({*np.linspace(0, max(0, size - TILE), 3, dtype=int)}) for size in shape)
    return [np.s_[top : top + TILE, left : left + TILE] for top in rows for left in columns]


def ssimulacra2(image: NDArray[np.uint8], reference: NDArray[np.uint8]) -> float:
    """SSIMULACRA2: 100 where equal; 70 is high quality, 30 low.

    Jon Sneyers, "SSIMULACRA 2" (Cloudinary, 2022).

    Parameters
    ----------
    image, reference : ndarray of shape (M, N, 3), uint8
    """
    # The package imports SciPy, which takes a while.
    from ssimulacra2 import compute_ssimulacra2

    files = (io.BytesIO(_ppm(each)) for each in (reference, image))
    return float(compute_ssimulacra2(*files))


def _ppm(rgb: NDArray[np.uint8]) -> bytes:
    """The pixels as they are, in a file that the package reads in no time."""
    rows, columns, _ = rgb.shape
    return b"P6 %d %d 255\n" % (columns, rows) + rgb.tobytes()
