"""Least squares per bucket: exact sums of normal equations, and filters on the integer grid.

The sums (``A^T A`` and ``A^T b``) are sums of products of integers below 2**53, exact in float64
in any order: how pictures are dealt out to processes cannot change a bit of a bank.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from raisr_decoder.bank import MAX_GAIN, ORIENTATIONS, WEIGHT_BITS, Hash, canonical_order
from raisr_decoder.filtering import ZERO
from raisr_decoder.hashing import CELL, PATCH, hash_cells, pad

STRIP_CELLS = 1 << 15


@dataclass(frozen=True)
class Sums:
    """Normal equations of each bucket: exact integers in float64.

    Attributes
    ----------
    gram : ndarray of shape (buckets, 64, 64)
    cross : ndarray of shape (buckets, 64, q * q)
    count : ndarray of shape (buckets,)
        Cells.
    """

    gram: NDArray[np.float64]
    cross: NDArray[np.float64]
    count: NDArray[np.int64]

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.gram + other.gram, self.cross + other.cross, self.count + other.count)


def accumulate(
    plane: NDArray[np.uint8], target: NDArray[np.uint8], hashing: Hash, block: int
) -> Sums:
    """The sums of one picture.

    Parameters
    ----------
    plane : ndarray of shape (M, N), uint8
        Luma of a base picture, restored so far.
    target : ndarray of shape at most (q * ceil(M / 2), q * ceil(N / 2)), uint8
        Luma of its photograph.
    hashing : Hash
    block : int
        Rows and columns q of an output block.
    """
    padded = pad(plane)
    bucket, orientation = hash_cells(padded, hashing)
    rows, columns = bucket.shape
    patches = sliding_window_view((padded ^ ZERO).view(np.int8), (PATCH, PATCH))[::CELL, ::CELL]
    missing = rows * block - target.shape[0], columns * block - target.shape[1]
    target = np.pad(target, [(0, missing[0]), (0, missing[1])], "edge")
    blocks = (target ^ ZERO).view(np.int8).reshape(rows, block, columns, block).swapaxes(1, 2)

    outputs = block * block
    total = np.zeros((hashing.bucket_count, PATCH**2, PATCH**2 + outputs))
    strip = max(1, STRIP_CELLS // columns)
    for start in range(0, rows, strip):
        here = slice(start, start + strip)
        samples = np.concatenate(
            [patches[here].reshape(-1, PATCH**2), blocks[here].reshape(-1, outputs)], axis=1
        )
        _canonicalise(samples, orientation[here].ravel(), block)
        _add_products(total, samples, bucket[here].ravel())
    count = np.bincount(bucket.ravel(), minlength=hashing.bucket_count)
    return Sums(total[..., : PATCH**2], total[..., PATCH**2 :], count)


def _canonicalise(samples: NDArray[np.int8], orientation: NDArray[np.int32], block: int) -> None:
    for turn in range(1, ORIENTATIONS):
        order = np.concatenate(
            [canonical_order(PATCH, turn), PATCH**2 + canonical_order(block, turn)]
        )
        rows = np.flatnonzero(orientation == turn)
        samples[rows] = samples[rows][:, order]


def _add_products(
    total: NDArray[np.float64], samples: NDArray[np.int8], bucket: NDArray[np.int32]
) -> None:
    order = np.argsort(bucket, kind="stable")
    ordered = samples[order].astype(np.float64)
    borders = np.searchsorted(bucket[order], np.arange(len(total) + 1))
    for number, (start, stop) in enumerate(pairwise(borders)):
        if start < stop:
            cells = ordered[start:stop]
            total[number] += cells[:, : PATCH**2].T @ cells


def solve(sums: Sums, block: int, ridge: float) -> NDArray[np.int32]:
    """Filters of all buckets on the integer grid, shape (buckets, 64, q * q).

    A filter's weights sum to one; turned by 180 degrees a bucket's filters are the same.

    Parameters
    ----------
    sums : Sums
    block : int
        Rows and columns q of an output block.
    ridge : float
        Pull of each bucket towards the filter of all buckets: squared pixel values that are added
        to the energy of each tap.
    """
    gram = sums.gram + sums.gram[:, ::-1, ::-1]
    cross = sums.cross + sums.cross[:, ::-1, ::-1]
    taps = np.eye(PATCH**2)
    overall = _constrained(gram.sum(axis=0) + taps, cross.sum(axis=0))
    weights = np.empty(cross.shape, np.int32)
    for bucket in range(len(gram)):
        solution = _constrained(gram[bucket] + ridge * taps, cross[bucket] + ridge * overall)
        weights[bucket] = _to_grid(solution, overall, block)
    return weights


def _constrained(gram: NDArray[np.float64], cross: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least squares under the condition that each column sums to one."""
    ones = np.ones((PATCH**2, 1))
    both = np.linalg.solve(gram, np.concatenate([cross, ones], axis=1))
    free, direction = both[:, :-1], both[:, -1:]
    filters: NDArray[np.float64] = free - direction * ((free.sum(axis=0) - 1) / direction.sum())
    return filters


def _to_grid(
    weights: NDArray[np.float64], fallback: NDArray[np.float64], block: int
) -> NDArray[np.int32]:
    weights = _limit_gain(weights, fallback)
    grid = np.rint(weights * (1 << WEIGHT_BITS)).astype(np.int32)
    half = grid.T.reshape(-1)[: PATCH**2 * block**2 // 2]
    grid = np.concatenate([half, half[::-1]]).reshape(block**2, PATCH**2).T
    missing = (1 << WEIGHT_BITS) - grid.sum(axis=0)
    for output in range(block**2):
        largest = int(np.abs(grid[:, output]).argmax())
        mirror = PATCH**2 - 1 - largest
        if 2 * output == block**2 - 1:
            grid[largest, output] += missing[output] // 2
            grid[mirror, output] += missing[output] // 2
        elif 2 * output < block**2 - 1:
            grid[largest, output] += missing[output]
            grid[mirror, block**2 - 1 - output] += missing[output]
    return grid


def _limit_gain(weights: NDArray[np.float64], fallback: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move filters whose sums could leave the exact range towards one that is far within it."""
    limit = MAX_GAIN - 0.1  # Rounding to the grid adds up to 64 / 2**13.
    gain, calm = (np.abs(filters).sum(axis=0).max() for filters in (weights, fallback))
    if gain <= limit:
        return weights
    share = (limit - calm) / (gain - calm)
    calmer: NDArray[np.float64] = share * weights + (1 - share) * fallback
    return calmer
