"""Cells and patches: how a plane is divided, and the eight orientations of a square.

FORMAT.md, section 5.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CELL = 2
"""Rows and columns of a cell."""

PATCH = 8
"""Rows and columns of the patch around it."""

MARGIN = (PATCH - CELL) // 2
"""Pixels of a patch on each side of its cell."""

ORIENTATIONS = 8
"""Of a square: flipped or not, transposed or not, turned or not."""


def pad(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Repeat the edge so that each cell, the last odd row and column included, has a patch.

    Parameters
    ----------
    plane : ndarray of shape (M, N), uint8

    Returns
    -------
    ndarray of shape (2 * ceil(M / 2) + 6, 2 * ceil(N / 2) + 6), uint8
        The patch of cell (i, j) is ``[2 * i : 2 * i + 8, 2 * j : 2 * j + 8]``.
    """
    rows = len(plane)
    return np.pad(pad_columns(plane), [(MARGIN, MARGIN + rows % CELL), (0, 0)], "edge")


def pad_columns(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Repeat the edge along columns alone, as `pad` does.

    Parameters
    ----------
    rows : ndarray of shape (M, N), uint8

    Returns
    -------
    ndarray of shape (M, 2 * ceil(N / 2) + 6), uint8
    """
    return np.pad(rows, [(0, 0), (MARGIN, MARGIN + rows.shape[1] % CELL)], "edge")


def canonical_order(size: int, orientation: int) -> NDArray[np.intp]:
    """Where each sample of a canonical square lies in the image's square.

    Parameters
    ----------
    size : int
        Rows and columns of the square.
    orientation : int
        As `cell_features` returns it.

    Returns
    -------
    ndarray of shape (size * size,), intp
        ``square.ravel()[order]`` is the canonical square.
    """
    square = np.arange(size * size).reshape(size, size)
    if orientation & 1:
        square = square[:, ::-1]
    if orientation & 2:
        square = square.T
    if orientation & 4:
        square = square[::-1, ::-1]
    return square.ravel()
