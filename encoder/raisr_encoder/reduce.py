"""Photograph -> reduced picture, aligned with the cells that restore it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.bank import base_shape
from raisr_decoder.hashing import CELL
from raisr_encoder import image_io


def reduce_photo(photo: NDArray[np.uint8], scale: Fraction) -> NDArray[np.uint8]:
    """Reduce a photograph so that each of its pixels lies where `restore` puts it back.

    Parameters
    ----------
    photo : ndarray of shape (M, N, 3), uint8
    scale : Fraction

    Returns
    -------
    ndarray of shape (ceil(M / scale), ceil(N / scale), 3), uint8
    """
    if scale == 1:
        return photo
    rows, columns = base_shape(photo.shape[:2], scale)
    whole = pad_to_cells(photo, scale)
    cells = whole.shape[0] / scale, whole.shape[1] / scale
    return image_io.reduce(whole, (int(cells[0]), int(cells[1])))[:rows, :columns]


def pad_to_cells(picture: NDArray[np.uint8], scale: Fraction) -> NDArray[np.uint8]:
    """Repeat the bottom and right edge up to a whole number of output blocks."""
    block = int(scale * CELL)
    excess = [(0, -size % block) for size in picture.shape[:2]]
    return np.pad(picture, excess + [(0, 0)] * (picture.ndim - 2), "edge")
