"""Plane -> features and orientation of each cell: FORMAT.md, section 5.

RAISR hashes the angle, strength and coherence of the gradients around a pixel, which it takes from
their structure tensor (Romano, Isidoro, Milanfar, "RAISR: Rapid and Accurate Image Super
Resolution", 2016, section III-B). Here these three and some further measures of a cell's patch are
integers, the *features*, so that every implementation finds the same bucket.

The structure tensor sums products of gradients over the inner 6 x 6 pixels of a patch. x is the
direction along a row, from column to column, and y the direction down a column:

- gxx is the weighted sum of ``across ** 2``, gyy of ``down ** 2``, gxy of ``across * down``;
- its trace gxx + gyy is the *strength*;
- gxx - gyy and 2 gxy are the cosine and the sine of twice the angle of the gradients, both times
  strength and the square root of the coherence.

The *first moment* is the weighted sum of ``across ** 2 + down ** 2`` times the distance from the
middle of the cell, along columns or along rows. Its sign says on which side the gradients are
stronger.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.cells import CELL, MARGIN

WINDOW = (1, 2, 4, 4, 2, 1)
"""Weights of the inner 6 x 6 pixels of a patch, along rows and along columns."""

MOMENT_WINDOW = tuple(w * distance for w, distance in zip(WINDOW, range(-5, 6, 2), strict=True))
"""The same weights times the distance from the middle of the cell in half pixels."""

CELL_WINDOW = (0, 0, 1, 1, 0, 0)
"""Of the inner 6 x 6 pixels, those of the cell."""

MIDDLE_WINDOW = (0, 1, 1, 1, 1, 0)
"""Of the inner 6 x 6 pixels, the 4 x 4 in the middle."""

RATIO_BITS = 12
"""Fraction bits of coherence, angle and offset."""

FEATURES = (
    "strength",
    "coherence",
    "angle",
    "offset",
    "inner strength",
    "roughness",
    "contrast",
    "saddle",
    "step across",
    "step along",
    "curvature",
    "signed curvature",
    "slope",
    "brightness",
)
"""What a node of a tree can compare, in the order of `cell_features`."""


def cell_features(
    padded: NDArray[np.uint8],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Features and orientation of each cell.

    The orientation says how a patch is brought into its canonical position, where gxx >= gyy,
    gxy >= 0 and the first moment along columns is not negative: flip the columns (left to right) if
    bit 0 is set, then transpose if bit 1 is, then turn by 180 degrees if bit 2 is. Features do not
    depend on the orientation.

    Parameters
    ----------
    padded : ndarray of shape (2 * K + 6, 2 * L + 6), uint8
        As `pad` returns it.

    Returns
    -------
    features : ndarray of shape (len(FEATURES), K, L), int32
    orientation : ndarray of shape (K, L), int32
        0..7.
    """
    plane = padded.astype(np.int32)
    down = plane[2:, 1:-1] - plane[:-2, 1:-1]
    across = plane[1:-1, 2:] - plane[1:-1, :-2]
    down_square, across_square = down * down, across * across
    energy = across_square + down_square

    tall = _sum_rows(energy, WINDOW)
    strength = _sum_columns(tall, WINDOW)
    moment_columns = _sum_columns(tall, MOMENT_WINDOW)
    moment_rows = _sum_columns(_sum_rows(energy, MOMENT_WINDOW), WINDOW)
    gxx_minus_gyy = _sum(across_square - down_square, WINDOW)
    two_gxy = 2 * _sum(down * across, WINDOW)

    flipped, transposed = two_gxy < 0, gxx_minus_gyy < 0
    moment = np.where(transposed, moment_rows, np.where(flipped, -moment_columns, moment_columns))
    orientation = flipped + 2 * transposed + 4 * (moment < 0)

    # The 4 x 4 pixels in the middle of each patch: the cell (f, g, j, k) and its neighbours.
    (a, b, c, d), (e, f, g, h), (i, j, k, m), (n, o, p, q) = _middle(plane)
    cell = f + g + j + k
    step_columns, step_rows = g + k - f - j, j + k - f - g
    step_across = np.where(transposed, step_rows, step_columns)
    step_along = np.where(transposed, step_columns, step_rows)
    curvature = cell - np.where(transposed, b + c + o + p, e + i + h + m)
    slope = 3 * step_across + np.where(
        transposed, n + o + p + q - a - b - c - d, d + h + m + q - a - e - i - n
    )
    same_side = (slope < 0) == (np.where(transposed, moment_rows, moment_columns) < 0)

    cosine, sine = np.abs(gxx_minus_gyy), np.abs(two_gxy)
    square = strength.astype(np.float64) ** 2
    features = (
        strength,
        _ratio(cosine.astype(np.float64) ** 2 + sine.astype(np.float64) ** 2, square),
        _ratio(sine, cosine + sine),
        _ratio(np.abs(moment), strength),
        _sum(energy, CELL_WINDOW),
        _roughness(plane),
        np.maximum(np.maximum(f, g), np.maximum(j, k))
        - np.minimum(np.minimum(f, g), np.minimum(j, k)),
        np.abs(f + k - g - j),
        np.abs(step_across),
        np.abs(step_along),
        np.abs(curvature),
        np.where(same_side, curvature, -curvature),
        np.abs(slope),
        cell,
    )
    return np.stack(features).astype(np.int32, copy=False), orientation.astype(np.int32)


def _sum(values: NDArray[np.int32], window: tuple[int, ...]) -> NDArray[np.int32]:
    """Weighted sums over the six inner rows and columns of each cell."""
    return _sum_columns(_sum_rows(values, window), window)


def _sum_rows(values: NDArray[np.int32], weights: tuple[int, ...]) -> NDArray[np.int32]:
    rows = CELL * (values.shape[0] // CELL - MARGIN + 1)
    return _weighted([values[row : row + rows : CELL] for row in range(len(weights))], weights)


def _sum_columns(values: NDArray[np.int32], weights: tuple[int, ...]) -> NDArray[np.int32]:
    columns = CELL * (values.shape[1] // CELL - MARGIN + 1)
    starts = range(len(weights))
    return _weighted([values[:, start : start + columns : CELL] for start in starts], weights)


def _weighted(samples: list[NDArray[np.int32]], weights: tuple[int, ...]) -> NDArray[np.int32]:
    """Weighted sum; the weights are symmetric or antisymmetric about their middle."""
    middle = len(weights) // 2
    join = np.add if weights[middle - 1] == weights[middle] else np.subtract
    total = np.zeros(samples[0].shape, np.int32)
    for before, after, weight in zip(
        samples[middle - 1 :: -1], samples[middle:], weights[middle:], strict=True
    ):
        if weight:
            total += weight * join(after, before)
    return total


def _middle(plane: NDArray[np.int32]) -> list[list[NDArray[np.int32]]]:
    rows, columns = (size // CELL - MARGIN for size in plane.shape)
    return [
        [
            plane[row : row + CELL * rows : CELL, column : column + CELL * columns : CELL]
            for column in range(2, 6)
        ]
        for row in range(2, 6)
    ]


def _roughness(plane: NDArray[np.int32]) -> NDArray[np.int32]:
    """Squared Laplacian summed over the 4 x 4 pixels in the middle of each patch."""
    inner = plane[1:-1, 1:-1]
    around = plane[2:, 1:-1] + plane[:-2, 1:-1] + plane[1:-1, 2:] + plane[1:-1, :-2]
    laplacian = around - 4 * inner
    return _sum(laplacian * laplacian, MIDDLE_WINDOW)


def _ratio(numerator: NDArray[Any], denominator: NDArray[Any]) -> NDArray[np.int32]:
    """Quotient times 2**RATIO_BITS, rounded down, 0 / 0 = 0; both operands are exact in float64."""
    scaled = numerator * float(1 << RATIO_BITS)
    floor: NDArray[np.int32] = (scaled / np.maximum(denominator, 1)).astype(np.int32)
    return floor
