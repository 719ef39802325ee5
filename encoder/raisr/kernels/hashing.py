"""Plane -> bucket and orientation of each cell, as `raisr_decoder.hashing` finds them.

A row of cells at a time, so that its features stay in the cache.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from raisr.kernels.jit import compiled
from raisr_decoder.cells import CELL, MARGIN, PATCH
from raisr_decoder.compiled import SCRATCH_LINES
from raisr_decoder.features import (
    CELL_WINDOW,
    FEATURES,
    MIDDLE_WINDOW,
    MOMENT_WINDOW,
    RATIO_BITS,
    WINDOW,
)
from raisr_decoder.tree import Tree

INNER = PATCH - 2
"""Rows and columns of the pixels of a patch that have gradients."""


def hash_cells(
    padded: NDArray[np.uint8], tree: Tree
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """See `raisr_decoder.hashing.hash_cells`."""
    rows, columns = (size // CELL - MARGIN for size in padded.shape)
    bucket = np.empty((rows, columns), np.int32)
    orientation = np.empty((rows, columns), np.int32)
    scratch = np.empty((SCRATCH_LINES, padded.shape[1]), np.int32)
    for row in range(rows):
        hash_row(padded, row, tree.feature, tree.threshold, scratch, bucket[row], orientation[row])
    return bucket, orientation


@compiled
def hash_row(
    padded: NDArray[np.uint8],
    row: int,
    feature: NDArray[np.int32],
    threshold: NDArray[np.int32],
    scratch: NDArray[np.int32],
    bucket: NDArray[np.int32],
    orientation: NDArray[np.int32],
) -> None:
    """Bucket and orientation of a row's cells; rows come in order, as `scratch` is kept."""
    features = scratch[: len(FEATURES)]
    _gradient_features(padded, row, scratch[len(FEATURES) :], features, orientation)
    _pixel_features(padded, row, features, orientation)
    for column in range(len(bucket)):
        bucket[column] = 0
    leaves = len(feature) + 1
    while leaves > 1:
        for column in range(len(bucket)):
            # Unsigned, so that no code is needed for indices that count from the end.
            node = np.uint32(bucket[column])
            exceeds = features[np.uint32(feature[node]), column] > threshold[node]
            bucket[column] = np.int32(2 * node + 1 + exceeds)
        leaves >>= 1
    for column in range(len(bucket)):
        bucket[column] -= len(feature)


@compiled
def _gradient_features(
    padded: NDArray[np.uint8],
    row: int,
    scratch: NDArray[np.int32],
    features: NDArray[np.int32],
    orientation: NDArray[np.int32],
) -> None:
    """Features 0..5; `orientation` gets its value, plus 8 where the moment to compare is negative.

    Rows of cells share rows of pixels: what these add to the sums stays in `scratch` for the next
    row.
    """
    energy, gxx_minus_gyy = scratch[:INNER], scratch[INNER : 2 * INNER]
    two_gxy, roughness = scratch[2 * INNER : 3 * INNER], scratch[3 * INNER : 4 * INNER]
    first = CELL * row
    for line in range(first if row == 0 else first + INNER - CELL, first + INNER):
        at = line % INNER
        _measure(padded, line + 1, energy[at], gxx_minus_gyy[at], two_gxy[at], roughness[at])
    tall = scratch[4 * INNER :]
    _sum_rows(energy, first, WINDOW, tall[0])
    _sum_rows(energy, first, MOMENT_WINDOW, tall[1])
    _sum_rows(energy, first, CELL_WINDOW, tall[2])
    _sum_rows(gxx_minus_gyy, first, WINDOW, tall[3])
    _sum_rows(two_gxy, first, WINDOW, tall[4])
    _sum_rows(roughness, first, MIDDLE_WINDOW, tall[5])
    _sum_columns(tall, features, orientation)


@compiled
def _measure(
    padded: NDArray[np.uint8],
    line: int,
    energy: NDArray[np.int32],
    gxx_minus_gyy: NDArray[np.int32],
    two_gxy: NDArray[np.int32],
    roughness: NDArray[np.int32],
) -> None:
    """What each pixel of a line adds to the structure tensor and to the roughness."""
    above, here, below = padded[line - 1], padded[line], padded[line + 1]
    for column in range(1, len(here) - 1):
        left, right = np.int32(here[column - 1]), np.int32(here[column + 1])
        up, under = np.int32(above[column]), np.int32(below[column])
        across, down = right - left, under - up
        laplacian = left + right + up + under - 4 * np.int32(here[column])
        energy[column] = across * across + down * down
        gxx_minus_gyy[column] = across * across - down * down
        two_gxy[column] = 2 * across * down
        roughness[column] = laplacian * laplacian


@compiled
def _sum_rows(
    lines: NDArray[np.int32], first: int, weights: tuple[int, ...], total: NDArray[np.int32]
) -> None:
    """Weighted sum of six lines of a ring buffer, in which line `n` is at ``n % INNER``."""
    a, b, c = lines[first % INNER], lines[(first + 1) % INNER], lines[(first + 2) % INNER]
    d, e, f = lines[(first + 3) % INNER], lines[(first + 4) % INNER], lines[(first + 5) % INNER]
    for column in range(1, len(total) - 1):
        total[column] = (
            weights[0] * a[column]
            + weights[1] * b[column]
            + weights[2] * c[column]
            + weights[3] * d[column]
            + weights[4] * e[column]
            + weights[5] * f[column]
        )


@compiled
def _sum_columns(
    tall: NDArray[np.int32], features: NDArray[np.int32], orientation: NDArray[np.int32]
) -> None:
    """Structure tensor and first moment of each cell, of the sums of `_sum_rows`; features 0..5."""
    for column in range(len(orientation)):
        at = CELL * column + 1
        strength = _weighted(tall[0], at, WINDOW)
        moment_columns = _weighted(tall[0], at, MOMENT_WINDOW)
        moment_rows = _weighted(tall[1], at, WINDOW)
        gxx_minus_gyy = _weighted(tall[3], at, WINDOW)
        two_gxy = _weighted(tall[4], at, WINDOW)
        flipped, transposed = two_gxy < 0, gxx_minus_gyy < 0
        moment = moment_rows if transposed else moment_columns
        turned = (-moment if flipped and not transposed else moment) < 0
        orientation[column] = flipped + 2 * transposed + 4 * turned + 8 * (moment < 0)
        cosine, sine = np.float64(abs(gxx_minus_gyy)), np.float64(abs(two_gxy))
        features[0, column] = strength
        features[1, column] = _ratio(cosine * cosine + sine * sine, np.float64(strength) ** 2)
        features[2, column] = _ratio(sine, cosine + sine)
        features[3, column] = _ratio(np.float64(abs(moment)), np.float64(strength))
        features[4, column] = _weighted(tall[2], at, CELL_WINDOW)
        features[5, column] = _weighted(tall[5], at, MIDDLE_WINDOW)


@compiled
def _weighted(line: NDArray[np.int32], at: int, weights: tuple[int, ...]) -> np.int32:
    return np.int32(
        weights[0] * line[at]
        + weights[1] * line[at + 1]
        + weights[2] * line[at + 2]
        + weights[3] * line[at + 3]
        + weights[4] * line[at + 4]
        + weights[5] * line[at + 5]
    )


@compiled
def _ratio(numerator: np.float64, denominator: np.float64) -> np.int32:
    return np.int32(numerator * (1 << RATIO_BITS) / max(denominator, 1.0))


@compiled
def _pixel_features(
    padded: NDArray[np.uint8],
    row: int,
    features: NDArray[np.int32],
    orientation: NDArray[np.int32],
) -> None:
    """Features 6..13, from the 4 x 4 pixels in the middle; `orientation` loses its 8 again."""
    first, second = padded[CELL * row + 2], padded[CELL * row + 3]
    third, fourth = padded[CELL * row + 4], padded[CELL * row + 5]
    for column in range(len(orientation)):
        at = CELL * column + 2
        a, b, c, d = _four(first, at)
        e, f, g, h = _four(second, at)
        i, j, k, m = _four(third, at)
        n, o, p, q = _four(fourth, at)
        cell = f + g + j + k
        transposed = (orientation[column] & 2) != 0
        step_columns, step_rows = g + k - f - j, j + k - f - g
        step_across = step_rows if transposed else step_columns
        step_along = step_columns if transposed else step_rows
        beside = b + c + o + p if transposed else e + i + h + m
        outer = n + o + p + q - a - b - c - d if transposed else d + h + m + q - a - e - i - n
        curvature, slope = cell - beside, 3 * step_across + outer
        same_side = (slope < 0) == (orientation[column] >= 8)
        features[6, column] = max(max(f, g), max(j, k)) - min(min(f, g), min(j, k))
        features[7, column] = abs(f + k - g - j)
        features[8, column] = abs(step_across)
        features[9, column] = abs(step_along)
        features[10, column] = abs(curvature)
        features[11, column] = curvature if same_side else -curvature
        features[12, column] = abs(slope)
        features[13, column] = cell
        orientation[column] &= 7


@compiled
def _four(line: NDArray[np.uint8], at: int) -> tuple[np.int32, np.int32, np.int32, np.int32]:
    return (
        np.int32(line[at]),
        np.int32(line[at + 1]),
        np.int32(line[at + 2]),
        np.int32(line[at + 3]),
    )
