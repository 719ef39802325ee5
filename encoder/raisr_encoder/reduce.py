"""Photograph -> reduced picture, aligned with the cells that restore it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.bank import base_shape
from raisr_decoder.hashing import CELL

Reduce = Callable[[NDArray[np.uint8], tuple[int, int]], NDArray[np.uint8]]
"""Reduces a picture or plane to a shape."""


def reduce_photo(photo: NDArray[np.uint8], scale: Fraction, reduce: Reduce) -> NDArray[np.uint8]:
    """Reduce a photograph so that each of its pixels lies where `restore` puts it back.

    Parameters
    ----------
    photo : ndarray of shape (M, N) or (M, N, channels), uint8
    scale : Fraction
    reduce : callable
        The base codec's own.

    Returns
    -------
    ndarray of shape (ceil(M / scale), ceil(N / scale), ...), uint8
    """
    if scale == 1:
        return photo
    rows, columns = base_shape(photo.shape[:2], scale)
    whole = pad_to_cells(photo, scale)
    return reduce(whole, scaled_shape(whole.shape[:2], 1 / scale))[:rows, :columns]


def scaled_shape(shape: tuple[int, int], scale: Fraction) -> tuple[int, int]:
    """Rows and columns at another scale, rounded, at least one."""
    rows, columns = (max(1, round(size * scale)) for size in shape)
    return rows, columns


def pad_to_cells(picture: NDArray[np.uint8], scale: Fraction) -> NDArray[np.uint8]:
    """Repeat the bottom and right edge up to a whole number of output blocks."""
    block = int(scale * CELL)
    excess = [(0, -size % block) for size in picture.shape[:2]]
    return np.pad(picture, excess + [(0, 0)] * (picture.ndim - 2), "edge")
