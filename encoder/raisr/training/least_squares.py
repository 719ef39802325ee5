"""Least squares per bucket: exact sums of normal equations, and filters on the integer grid.

The sums (``A^T A`` and ``A^T b``) are sums of products of integers below 2**53, exact in float64
in any order: how photographs are shared out among processes cannot change a bit of a bank.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from raisr_decoder.bank import WEIGHT_BITS
from raisr_decoder.cells import CELL, ORIENTATIONS, PATCH, canonical_order, pad
from raisr_decoder.filtering import ZERO
from raisr_decoder.limits import MAX_GAIN

TAPS = PATCH**2
CHUNK = 1 << 16
"""Samples that are converted to float64 at a time."""


@dataclass(frozen=True)
class Sums:
    """Normal equations of each bucket: exact integers in float64.

    Attributes
    ----------
    gram : ndarray of shape (buckets, 64, 64)
    cross : ndarray of shape (buckets, 64, q * q)
    cells : ndarray of shape (buckets,), int64
        How many cells each bucket has.
    """

    gram: NDArray[np.float64]
    cross: NDArray[np.float64]
    cells: NDArray[np.int64]

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.gram + other.gram, self.cross + other.cross, self.cells + other.cells)


def canonical_samples(
    plane: NDArray[np.uint8],
    target: NDArray[np.uint8],
    orientation: NDArray[np.int32],
    block: int,
) -> NDArray[np.int8]:
    """Patch and wanted output block of each cell, in canonical position.

    Parameters
    ----------
    plane : ndarray of shape (M, N), uint8
        Luma of a base image after the stages before.
    target : ndarray of shape at most (q * ceil(M / 2), q * ceil(N / 2)), uint8
        Luma of the photograph.
    orientation : ndarray of shape (ceil(M / 2), ceil(N / 2)), int32
        As `cell_features` returns it.
    block : int
        Rows and columns q of an output block.

    Returns
    -------
    ndarray of shape (cells, 64 + q * q), int8
        Pixels less 128.
    """
    rows, columns = orientation.shape
    patches = sliding_window_view(pad(plane), (PATCH, PATCH))[::CELL, ::CELL]
    missing = rows * block - target.shape[0], columns * block - target.shape[1]
    whole = np.pad(target, [(0, missing[0]), (0, missing[1])], "edge")
    blocks = whole.reshape(rows, block, columns, block).swapaxes(1, 2)
    samples = np.concatenate([patches.reshape(-1, TAPS), blocks.reshape(-1, block**2)], axis=1)
    for turn in range(1, ORIENTATIONS):
        order = np.concatenate([canonical_order(PATCH, turn), TAPS + canonical_order(block, turn)])
        cells = np.flatnonzero(orientation == turn)
        samples[cells] = samples[cells][:, order]
    return (samples ^ ZERO).view(np.int8)


def accumulate(samples: NDArray[np.int8], bucket: NDArray[np.int32], buckets: int) -> Sums:
    """Sums over the samples of each bucket.

    Parameters
    ----------
    samples : ndarray of shape (cells, 64 + q * q), int8
    bucket : ndarray of shape (cells,), int32
    buckets : int
        Their number.
    """
    total = np.zeros((buckets, TAPS, samples.shape[1]))
    with one_thread():
        for start in range(0, len(samples), CHUNK):
            here = slice(start, start + CHUNK)
            _add_products(total, samples[here], bucket[here])
    cells = np.bincount(bucket, minlength=buckets).astype(np.int64)
    return Sums(total[..., :TAPS], total[..., TAPS:], cells)


def _add_products(
    total: NDArray[np.float64], samples: NDArray[np.int8], bucket: NDArray[np.int32]
) -> None:
    order = np.argsort(bucket, kind="stable")
    ordered = samples[order].astype(np.float64)
    borders = np.searchsorted(bucket[order], np.arange(len(total) + 1))
    for number, (start, stop) in enumerate(pairwise(borders)):
        if start < stop:
            cells = ordered[start:stop]
            total[number] += cells[:, :TAPS].T @ cells


def solve(sums: Sums, ridge: float) -> NDArray[np.int32]:
    """Filters of all buckets on the integer grid, shape (buckets, 64, q * q).

    Parameters
    ----------
    sums : Sums
    ridge : float
        Pull of each bucket towards the filter of all buckets: squared pixel values that are added
        to the energy of each tap.
    """
    with one_thread():
        return _solve(sums, ridge)


def one_thread() -> threadpool_limits:
    """Keep matrix routines to one thread within.

    With more, rounding would depend on how many, and small products would wait for each other.
    """
    return threadpool_limits(1, "blas")


def _solve(sums: Sums, ridge: float) -> NDArray[np.int32]:
    taps = np.eye(TAPS)
    overall = _constrained(sums.gram.sum(axis=0) + taps, sums.cross.sum(axis=0))
    weights = np.empty(sums.cross.shape, np.int32)
    for bucket, (gram, cross) in enumerate(zip(sums.gram, sums.cross, strict=True)):
        solution = _constrained(gram + ridge * taps, cross + ridge * overall)
        weights[bucket] = _to_grid(_limit_gain(solution, overall))
    return weights


def _constrained(gram: NDArray[np.float64], cross: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least squares under the condition that each column sums to one."""
    ones = np.ones((TAPS, 1))
    both = np.linalg.solve(gram, np.concatenate([cross, ones], axis=1))
    free, direction = both[:, :-1], both[:, -1:]
    filters: NDArray[np.float64] = free - direction * ((free.sum(axis=0) - 1) / direction.sum())
    return filters


def _to_grid(weights: NDArray[np.float64]) -> NDArray[np.int32]:
    """Round so that the sums stay exact: the largest fractions are rounded up."""
    scaled = weights * (1 << WEIGHT_BITS)
    grid = np.floor(scaled).astype(np.int32)
    missing = (1 << WEIGHT_BITS) - grid.sum(axis=0)
    rank = np.argsort(np.argsort(grid - scaled, axis=0, kind="stable"), axis=0)
    rounded: NDArray[np.int32] = grid + (rank < missing)
    return rounded


def _limit_gain(weights: NDArray[np.float64], fallback: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move filters whose sums could leave the exact range towards one that is far within it."""
    limit = MAX_GAIN - 0.1  # Rounding to the grid adds up to 64 / 2**10.
    gain, calm = (np.abs(filters).sum(axis=0).max() for filters in (weights, fallback))
    if gain <= limit:
        return weights
    share = (limit - calm) / (gain - calm)
    calmer: NDArray[np.float64] = share * weights + (1 - share) * fallback
    return calmer
