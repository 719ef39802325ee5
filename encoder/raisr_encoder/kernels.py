"""Numba twins of the decoder's hashing and filtering: same names, same signatures, same results."""

from __future__ import annotations

from dataclasses import replace

import numba
import numpy as np
from numpy.typing import NDArray

from raisr_decoder.bank import WEIGHT_BITS, FilterStage
from raisr_decoder.color import FRACTION_BITS
from raisr_decoder.filtering import ZERO
from raisr_decoder.hashing import CELL, PATCH, hash_cells, pad
from raisr_decoder.restore import NUMPY, Engine


def engine() -> Engine:
    """The engine of this machine's own speed."""
    return replace(NUMPY, name="numba", filter_plane=filter_plane)


def filter_plane(plane: NDArray[np.uint8], stage: FilterStage) -> NDArray[np.int16]:
    """Twin of `raisr_decoder.filtering.filter_plane`."""
    padded = pad(plane)
    bucket, orientation = hash_cells(padded, stage.tree)
    index = orientation * np.int32(stage.tree.leaves) + bucket
    rows, columns = index.shape
    result = np.empty((rows * stage.block, columns * stage.block), np.int16)
    shift = WEIGHT_BITS - FRACTION_BITS
    offset = (ZERO << WEIGHT_BITS) + (1 << (shift - 1))
    _filter_rows(
        padded, index, stage.expanded, stage.block, shift, offset, 255 << FRACTION_BITS, result
    )
    return result


@numba.njit(parallel=True, cache=True)
def _filter_rows(
    padded: NDArray[np.uint8],
    index: NDArray[np.int32],
    filters: NDArray[np.float32],
    block: int,
    shift: int,
    offset: int,
    highest: int,
    result: NDArray[np.int16],
) -> None:
    rows, columns = index.shape
    outputs = block * block
    for row in numba.prange(rows):
        sums = np.empty(outputs, np.float32)
        for column in range(columns):
            weights = filters[index[row, column]]
            sums[:] = 0
            for tap_row in range(PATCH):
                pixels = padded[CELL * row + tap_row, CELL * column : CELL * column + PATCH]
                for tap_column in range(PATCH):
                    value = np.float32(np.int32(pixels[tap_column]) - ZERO)
                    tap = weights[tap_row * PATCH + tap_column]
                    for output in range(outputs):
                        sums[output] += value * tap[output]
            for output in range(outputs):
                total = (np.int32(sums[output]) + offset) >> shift
                level = min(max(int(total), 0), highest)
                result[block * row + output // block, block * column + output % block] = level
