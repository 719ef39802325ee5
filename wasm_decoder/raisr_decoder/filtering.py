"""Plane + filter stage -> plane, by NumPy: FORMAT.md, section 5."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from raisr_decoder.cells import CELL, PATCH
from raisr_decoder.color import FRACTION_BITS
from raisr_decoder.filters import WEIGHT_BITS, FilterStage
from raisr_decoder.hashing import hash_cells

ZERO = 128
"""Subtracted from each pixel of a patch, so that sums stay small."""

STRIP_CELLS = 1 << 15
"""Cells at a time, so that they stay in the cache."""


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
    patches = _patches(padded)
    bucket, orientation = hash_cells(padded, stage.tree)
    # NumPy sorts int16 by radix sort.
    index = (orientation * stage.tree.leaves + bucket).astype(np.int16)

    rows, columns = index.shape
    block = stage.block
    result = np.empty((rows, block, columns, block), np.int16)
    strip = max(1, STRIP_CELLS // columns)
    for start in range(0, rows, strip):
        stop = min(start + strip, rows)
        blocks = _apply(patches[start:stop], index[start:stop], stage.expanded)
        blocks = blocks.reshape(stop - start, columns, block, block)
        result[start:stop] = blocks.transpose(0, 2, 1, 3)
    return result.reshape(rows * block, columns * block)


def _patches(padded: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The patch of each cell, less `ZERO`, each row of eight int8 viewed as one int64.

    Copying one int64 is faster than copying eight bytes.
    """
    signed = (padded ^ ZERO).view(np.int8)
    rows = np.ascontiguousarray(sliding_window_view(signed, PATCH, axis=1)[:, ::CELL])
    return sliding_window_view(rows.view(np.int64)[..., 0], PATCH, axis=0)[::CELL]


def _apply(
    patches: NDArray[np.int64], index: NDArray[np.int16], filters: NDArray[np.float32]
) -> NDArray[np.int16]:
    """One matrix product for all cells of a bucket; every partial sum is exact in float32."""
    keys = index.ravel()
    order = np.argsort(keys, kind="stable")
    sorted_keys = keys[order]
    pixels = patches.reshape(-1, PATCH).take(order, axis=0).view(np.int8).astype(np.float32)
    borders = np.flatnonzero(np.diff(sorted_keys)) + 1
    sums = np.empty((len(keys), filters.shape[2]), np.float32)
    for start, stop in zip([0, *borders], [*borders, len(keys)], strict=True):
        np.matmul(pixels[start:stop], filters[sorted_keys[start]], out=sums[start:stop])
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return _round(sums).take(place, axis=0)


def _round(sums: NDArray[np.float32]) -> NDArray[np.int16]:
    shift = WEIGHT_BITS - FRACTION_BITS
    total = sums.astype(np.int32)
    total += (ZERO << WEIGHT_BITS) + (1 << (shift - 1))
    total >>= shift
    return np.clip(total, 0, 255 << FRACTION_BITS, out=total).astype(np.int16)
