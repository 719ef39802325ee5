"""Numba twins of the decoder's hashing and filtering: same names, same signatures, same results."""

from __future__ import annotations

from dataclasses import replace

import numba
import numpy as np
from numpy.typing import NDArray

from raisr_decoder.bank import WEIGHT_BITS, FilterStage, Hash
from raisr_decoder.filtering import ZERO
from raisr_decoder.hashing import CELL, COHERENCE_BITS, MARGIN, PATCH, WINDOW, pad
from raisr_decoder.restore import NUMPY, Engine

_WEIGHTS = np.array(WINDOW, np.int32)


def engine() -> Engine:
    """The engine of this machine's own speed."""
    return replace(NUMPY, name="numba", filter_plane=filter_plane)


def hash_cells(
    padded: NDArray[np.uint8], hashing: Hash
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Twin of `raisr_decoder.hashing.hash_cells`."""
    rows, columns = (size // CELL - MARGIN for size in padded.shape)
    bucket = np.empty((rows, columns), np.int32)
    orientation = np.empty((rows, columns), np.int32)
    _hash_rows(padded, hashing.slopes, hashing.strengths, hashing.coherences, bucket, orientation)
    return bucket, orientation


def filter_plane(
    plane: NDArray[np.uint8], stage: FilterStage, fraction_bits: int
) -> NDArray[np.int16]:
    """Twin of `raisr_decoder.filtering.filter_plane`."""
    padded = pad(plane)
    bucket, orientation = hash_cells(padded, stage.hashing)
    index = orientation * np.int32(stage.hashing.bucket_count) + bucket
    rows, columns = index.shape
    result = np.empty((rows * stage.block, columns * stage.block), np.int16)
    _filter_rows(padded, index, stage.expanded, stage.block, fraction_bits, result)
    return result


@numba.njit(parallel=True, cache=True)
def _hash_rows(
    padded: NDArray[np.uint8],
    slopes: NDArray[np.int64],
    strengths: NDArray[np.int64],
    coherences: NDArray[np.int64],
    bucket: NDArray[np.int32],
    orientation: NDArray[np.int32],
) -> None:
    rows, columns = bucket.shape
    inner = padded.shape[1] - 2
    for row in numba.prange(rows):
        trace_sums = np.zeros(inner, np.int32)
        difference_sums = np.zeros(inner, np.int32)
        product_sums = np.zeros(inner, np.int32)
        for tap in range(len(_WEIGHTS)):
            weight = _WEIGHTS[tap]
            above = padded[CELL * row + tap]
            middle = padded[CELL * row + tap + 1]
            below = padded[CELL * row + tap + 2]
            for column in range(inner):
                down = np.int32(below[column + 1]) - np.int32(above[column + 1])
                across = np.int32(middle[column + 2]) - np.int32(middle[column])
                trace_sums[column] += weight * (down * down + across * across)
                difference_sums[column] += weight * (across * across - down * down)
                product_sums[column] += weight * (2 * down * across)
        for column in range(columns):
            trace = np.int64(0)
            difference = np.int64(0)
            product = np.int64(0)
            for tap in range(len(_WEIGHTS)):
                weight = _WEIGHTS[tap]
                trace += weight * trace_sums[CELL * column + tap]
                difference += weight * difference_sums[CELL * column + tap]
                product += weight * product_sums[CELL * column + tap]
            orientation[row, column] = (product < 0) + 2 * (difference < 0)
            run, rise = abs(difference), abs(product)
            strength = 0
            while strength < len(strengths) and strengths[strength] < trace:
                strength += 1
            energy = (run * run + rise * rise) << COHERENCE_BITS
            coherence = 0
            for threshold in coherences[strength]:
                coherence += energy > threshold * trace * trace
            angle = 0
            for border in range(len(slopes)):
                angle += rise * slopes[border, 0] > run * slopes[border, 1]
            bucket[row, column] = (strength * (coherences.shape[1] + 1) + coherence) * (
                len(slopes) + 1
            ) + angle


@numba.njit(parallel=True, cache=True)
def _filter_rows(
    padded: NDArray[np.uint8],
    index: NDArray[np.int32],
    filters: NDArray[np.float32],
    block: int,
    fraction_bits: int,
    result: NDArray[np.int16],
) -> None:
    rows, columns = index.shape
    outputs = block * block
    shift = WEIGHT_BITS - fraction_bits
    offset = (ZERO << WEIGHT_BITS) + (1 << (shift - 1))
    highest = 255 << fraction_bits
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
                level = 0 if total < 0 else highest if total > highest else total
                result[block * row + output // block, block * column + output % block] = level
