"""Photograph -> base image before compression, aligned with the cells of the filters."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.cells import CELL
from raisr_decoder.shapes import base_shape, scaled_shape

Downscale = Callable[[NDArray[np.uint8], tuple[int, int]], NDArray[np.uint8]]
"""Downscales an image or plane to a shape."""


def downscale_photo(
    photo: NDArray[np.uint8], scale: Fraction, downscale: Downscale
) -> NDArray[np.uint8]:
    """Downscale a photograph so that each pixel lies where the filters put it back.

    Parameters
    ----------
    photo : ndarray of shape (M, N) or (M, N, channels), uint8
    scale : Fraction
    downscale : callable
        The base codec's own.

    Returns
    -------
    ndarray of shape (ceil(M / scale), ceil(N / scale), ...), uint8
    """
    if scale == 1:
        return photo
    rows, columns = base_shape(photo.shape[:2], scale)
    whole = pad_to_cells(photo, scale)
    return downscale(whole, scaled_shape(whole.shape[:2], 1 / scale))[:rows, :columns]


def pad_to_cells(picture: NDArray[np.uint8], scale: Fraction) -> NDArray[np.uint8]:
    """Repeat the bottom and right edge up to a whole number of output blocks."""
    block = int(scale * CELL)
    excess = [(0, -size % block) for size in picture.shape[:2]]
    return np.pad(picture, excess + [(0, 0)] * (picture.ndim - 2), "edge")
