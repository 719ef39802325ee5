"""Plane + stage -> plane, vectorised NumPy."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from raisr_decoder.bank import WEIGHT_BITS, FilterStage
from raisr_decoder.color import FRACTION_BITS
from raisr_decoder.hashing import CELL, PATCH, hash_cells

ZERO = 128
"""Subtracted from each pixel of a patch, so that sums stay small."""

STRIP_CELLS = 1 << 15


def filter_cells(padded: NDArray[np.uint8], stage: FilterStage) -> NDArray[np.int16]:
    """Hash each cell and apply the filter of its bucket.

    Parameters
    ----------
    padded : ndarray of shape (2 * K + 6, 2 * L + 6), uint8
        As `pad` returns it.
    stage : FilterStage
        With output blocks of q rows and columns.

    Returns
    -------
    ndarray of shape (q * K, q * L), int16
        Within 0..255, with `FRACTION_BITS` fraction bits.
    """
    signed = (padded ^ ZERO).view(np.int8)
    patches = sliding_window_view(signed, (PATCH, PATCH))[::CELL, ::CELL]
    bucket, orientation = hash_cells(padded, stage.tree)
    index = orientation * stage.tree.leaves + bucket

    rows, columns = index.shape
    block = stage.block
    result = np.empty((rows, block, columns, block), np.int16)
    strip = max(1, STRIP_CELLS // columns)
    for start in range(0, rows, strip):
        stop = min(start + strip, rows)
        sums = _apply(patches[start:stop], index[start:stop], stage.expanded)
        rounded = _round(sums).reshape(stop - start, columns, block, block)
        result[start:stop] = rounded.transpose(0, 2, 1, 3)
    return result.reshape(rows * block, columns * block)


def _apply(
    patches: NDArray[np.int8], index: NDArray[np.int32], filters: NDArray[np.float32]
) -> NDArray[np.float32]:
    """One matrix product for all cells of a filter; every partial sum is exact in float32."""
    flat = patches.reshape(-1, PATCH**2)
    keys = index.ravel()
    order = np.argsort(keys, kind="stable")
    values = flat[order].astype(np.float32)
    borders = np.flatnonzero(np.diff(keys[order])) + 1
    sums = np.empty((len(keys), filters.shape[2]), np.float32)
    for start, stop in zip([0, *borders], [*borders, len(keys)], strict=True):
        sums[order[start:stop]] = values[start:stop] @ filters[keys[order[start]]]
    return sums


def _round(sums: NDArray[np.float32]) -> NDArray[np.int16]:
    shift = WEIGHT_BITS - FRACTION_BITS
    offset = (ZERO << WEIGHT_BITS) + (1 << (shift - 1))
    total = (sums.astype(np.int32) + offset) >> shift
    rounded: NDArray[np.int16] = np.clip(total, 0, 255 << FRACTION_BITS).astype(np.int16)
    return rounded
