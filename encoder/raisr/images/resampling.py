"""Antialiased resampling by Pillow, for making small images of large ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def lanczos(photo: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Downscale an image of shape (M, N, 3) with Lanczos' windowed sinc (a = 3) to `shape`."""
    return _resize(photo, shape, Image.Resampling.LANCZOS)


def bicubic(photo: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Antialiased bicubic resize of an image or plane; agrees with MATLAB's ``imresize``."""
    return _resize(photo, shape, Image.Resampling.BICUBIC)


def _resize(
    photo: NDArray[np.uint8], shape: tuple[int, int], kernel: Image.Resampling
) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(photo).resize(shape[::-1], kernel))
