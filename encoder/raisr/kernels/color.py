"""Bicubic resize and the composition of RGB, as `raisr_decoder.resize` and `color` compute them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from raisr.kernels.jit import compiled
from raisr_decoder.color import FRACTION_BITS
from raisr_decoder.resize import WEIGHT_BITS, Taps


def resize(plane: NDArray[np.int16], down: Taps, across: Taps) -> NDArray[np.int16]:
    """See `raisr_decoder.resize.resize`."""
    narrow = _along_rows(np.ascontiguousarray(plane.T), across)
    return _along_rows(np.ascontiguousarray(narrow.T), down)


def _along_rows(plane: NDArray[np.int16], along: Taps) -> NDArray[np.int16]:
    result = np.empty((len(along[0]), *plane.shape[1:]), np.int16)
    resize_rows(plane.reshape(len(plane), -1), *along, result.reshape(len(result), -1))
    return result


def compose(luma: NDArray[np.int16], differences: NDArray[np.int16]) -> NDArray[np.uint8]:
    """See `raisr_decoder.color.compose`."""
    rgb = np.empty((*luma.shape, 3), np.uint8)
    compose_rows(luma, differences, rgb.reshape(len(rgb), -1))
    return rgb


@compiled
def resize_rows(
    plane: NDArray[np.int16],
    positions: NDArray[np.int32],
    weights: NDArray[np.int32],
    result: NDArray[np.int16],
) -> None:
    """Resize along rows; each row holds the samples of all columns and channels."""
    half = np.int32(1 << (WEIGHT_BITS - 1))
    for row in range(result.shape[0]):
        one, two = plane[positions[row, 0]], plane[positions[row, 1]]
        three, four = plane[positions[row, 2]], plane[positions[row, 3]]
        for column in range(result.shape[1]):
            total = (
                half
                + weights[row, 0] * np.int32(one[column])
                + weights[row, 1] * np.int32(two[column])
                + weights[row, 2] * np.int32(three[column])
                + weights[row, 3] * np.int32(four[column])
            )
            result[row, column] = total >> WEIGHT_BITS


@compiled
def compose_rows(
    luma: NDArray[np.int16], differences: NDArray[np.int16], rgb: NDArray[np.uint8]
) -> None:
    """Add differences to luma; `rgb` has three columns for each of `luma`."""
    for row in range(len(luma)):
        levels, line = luma[row], rgb[row]
        red, green, blue = differences[row, 0], differences[row, 1], differences[row, 2]
        for column in range(len(levels)):
            line[3 * column] = _rounded_sum(levels[column], red[column])
            line[3 * column + 1] = _rounded_sum(levels[column], green[column])
            line[3 * column + 2] = _rounded_sum(levels[column], blue[column])


@compiled
def _rounded_sum(luma: np.int16, difference: np.int16) -> np.uint8:
    total = np.int32(luma) + np.int32(difference) + np.int32(1 << (FRACTION_BITS - 1))
    # 32 bits rather than 64, so that a vector holds twice as many.
    rounded = np.int32(total >> FRACTION_BITS)
    return np.uint8(min(max(rounded, np.int32(0)), np.int32(255)))
