"""Sums of the normal equations of each bucket, exactly.

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

from raisr_decoder.cells import CELL, ORIENTATIONS, PATCH, canonical_order, pad
from raisr_decoder.filtering import ZERO

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
    energy : float
        Sum of the squares of all wanted output samples, less 128.
    """

    gram: NDArray[np.float64]
    cross: NDArray[np.float64]
    cells: NDArray[np.int64]
    energy: float

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.gram + other.gram,
            self.cross + other.cross,
            self.cells + other.cells,
            self.energy + other.energy,
        )

    def error(self, filters: NDArray[np.float64]) -> float:
        """Mean squared error of filters, shape (buckets, 64, q * q)."""
        explained = (filters * (2 * self.cross - self.gram @ filters)).sum()
        return float((self.energy - explained) / (self.cells.sum() * self.cross.shape[2]))


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
    energy = float(np.square(samples[:, TAPS:], dtype=np.int64).sum())
    return Sums(total[..., :TAPS], total[..., TAPS:], cells, energy)


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


def one_thread() -> threadpool_limits:
    """Keep matrix routines to one thread within.

    With more, rounding would depend on how many, and small products would wait for each other.
    """
    return threadpool_limits(1, "blas")
