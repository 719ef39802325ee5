"""Plane -> bucket and orientation per cell.

The hash of a cell is read from the structure tensor of its patch, summed with integer weights:
angle, strength and coherence, as in RAISR (Romano, Isidoro, Milanfar, 2016, section III-B), but
compared against thresholds in integers, so that every implementation finds the same bucket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from raisr_decoder.bank import Hash

CELL = 2
PATCH = 8
MARGIN = (PATCH - CELL) // 2
WINDOW = (1, 2, 3, 3, 2, 1)
"""Weights of the 6 x 6 inner pixels of a patch, along rows and along columns."""

SLOPE_BITS = 12
COHERENCE_BITS = 12


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
    rows, columns = plane.shape
    return np.pad(
        plane, [(MARGIN, MARGIN + rows % CELL), (MARGIN, MARGIN + columns % CELL)], "edge"
    )


def tensor(
    padded: NDArray[np.uint8],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Structure tensor of each cell.

    Parameters
    ----------
    padded : ndarray of shape (2 * K + 6, 2 * L + 6), uint8
        As `pad` returns it.

    Returns
    -------
    trace, difference, product : ndarrays of shape (K, L), int64
        Weighted sums of ``gr**2 + gc**2``, ``gc**2 - gr**2`` and ``2 * gr * gc``, where `gr` and
        `gc` are central differences along rows and columns. All stay below 2**25.
    """
    signed = padded.astype(np.int32)
    down = signed[2:, 1:-1] - signed[:-2, 1:-1]
    across = signed[1:-1, 2:] - signed[1:-1, :-2]
    down_squared, across_squared = down * down, across * across
    return (
        _window(down_squared + across_squared),
        _window(across_squared - down_squared),
        _window(2 * down * across),
    )


def _window(values: NDArray[np.int32]) -> NDArray[np.int64]:
    rows, columns = (size // CELL - MARGIN + 1 for size in values.shape)
    tall = np.zeros((rows, values.shape[1]), np.int32)
    for start, weight in enumerate(WINDOW):
        tall += weight * values[start : start + CELL * rows : CELL]
    both = np.zeros((rows, columns), np.int64)
    for start, weight in enumerate(WINDOW):
        both += weight * tall[:, start : start + CELL * columns : CELL]
    return both


def hash_cells(
    padded: NDArray[np.uint8], hashing: Hash
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Bucket and orientation of each cell.

    Parameters
    ----------
    padded : ndarray of shape (2 * K + 6, 2 * L + 6), uint8
        As `pad` returns it.
    hashing : Hash
        Thresholds of the stage.

    Returns
    -------
    bucket : ndarray of shape (K, L), int32
        ``(strength * coherences + coherence) * angles + angle``, where each of the three counts the
        thresholds that the cell exceeds.
    orientation : ndarray of shape (K, L), int32
        0..3: 1 where the columns of the patch are to be flipped, plus 2 where the patch is then to
        be transposed, to bring its gradient into the canonical octant.
    """
    trace, difference, product = tensor(padded)
    orientation = (product < 0) + 2 * (difference < 0)
    run, rise = np.abs(difference), np.abs(product)

    strength = np.searchsorted(hashing.strengths, trace, side="left")
    energy = (run * run + rise * rise) << COHERENCE_BITS
    square = trace * trace
    coherence = np.zeros(trace.shape, np.int64)
    for thresholds in hashing.coherences.T:
        coherence += energy > thresholds[strength] * square
    angle = np.zeros(trace.shape, np.int64)
    for cosine, sine in hashing.slopes:
        angle += rise * cosine > run * sine

    bucket = (strength * hashing.coherence_count + coherence) * hashing.angle_count + angle
    return bucket.astype(np.int32), orientation.astype(np.int32)
