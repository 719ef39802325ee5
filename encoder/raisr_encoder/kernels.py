"""Numba twins of the decoder's functions: same names, same signatures, same results, faster.

A row of cells is hashed and filtered in one go, so that its features stay in the cache; each core
takes rows of its own. The innermost sum, 64 pixels times q * q weights, is written in LLVM's vector
types: a compiler that sees loops over arrays keeps the sums in memory, which is four times slower.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.extending import intrinsic
from numpy.typing import NDArray

from raisr_decoder import resize as plain
from raisr_decoder.bank import WEIGHT_BITS, FilterStage
from raisr_decoder.color import FRACTION_BITS
from raisr_decoder.filtering import ZERO
from raisr_decoder.hashing import (
    CELL,
    FEATURES,
    LEVER,
    MARGIN,
    PATCH,
    RATIO_BITS,
    WINDOW,
    Tree,
    pad,
)
from raisr_decoder.resize import Taps
from raisr_decoder.restore import Engine

FEATURE_COUNT = len(FEATURES)
ACCUMULATORS = 4
"""Sums that run side by side, so that each addition need not wait for the one before."""


def engine() -> Engine:
    """The engine of this machine's own speed."""
    return Engine("numba", filter_cells, resize, compose)


def hash_cells(
    padded: NDArray[np.uint8], tree: Tree
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Twin of `raisr_decoder.hashing.hash_cells`."""
    rows, columns = (size // CELL - MARGIN for size in padded.shape)
    bucket = np.empty((rows, columns), np.int32)
    orientation = np.empty((rows, columns), np.int32)
    _hash_rows(padded, tree.feature, tree.threshold, bucket, orientation)
    return bucket, orientation


def filter_cells(padded: NDArray[np.uint8], stage: FilterStage) -> NDArray[np.int16]:
    """Twin of `raisr_decoder.filtering.filter_cells`."""
    rows, columns = (size // CELL - MARGIN for size in padded.shape)
    result = np.empty((rows * stage.block, columns * stage.block), np.int16)
    _filter_rows(
        padded,
        padded.astype(np.float32) - np.float32(ZERO),
        stage.tree.feature,
        stage.tree.threshold,
        stage.expanded,
        tuple(np.zeros(stage.block**2, np.float32)),
        result,
    )
    return result


def filter_plane(plane: NDArray[np.uint8], stage: FilterStage) -> NDArray[np.int16]:
    """All cells of a plane of shape (M, N), as `filter_cells` does it."""
    return filter_cells(pad(plane), stage)


def resize(plane: NDArray[np.int16], down: Taps, across: Taps) -> NDArray[np.int16]:
    """Twin of `raisr_decoder.resize.resize`."""
    lines = plane.reshape(-1, plane.shape[-1])
    narrow = np.empty((len(lines), len(across[0])), np.int16)
    _resize_columns(lines, *across, narrow)
    rows = narrow.reshape(len(plane), -1)
    result = np.empty((len(down[0]), rows.shape[1]), np.int16)
    _resize_rows(rows, *down, result)
    return result.reshape(-1, *plane.shape[1:-1], len(across[0]))


def compose(luma: NDArray[np.int16], differences: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Twin of `raisr_decoder.color.compose`."""
    rgb = np.empty((*luma.shape, 3), np.uint8)
    _compose_rows(luma, differences, rgb)
    return rgb


# --- hashing ----------------------------------------------------------------------------------


@numba.njit(parallel=True, cache=True)
def _hash_rows(
    padded: NDArray[np.uint8],
    feature: NDArray[np.int32],
    threshold: NDArray[np.int32],
    bucket: NDArray[np.int32],
    orientation: NDArray[np.int32],
) -> None:
    for row in numba.prange(len(bucket)):
        _hash_row(padded, row, feature, threshold, bucket[row], orientation[row])


@numba.njit(cache=True)
def _hash_row(
    padded: NDArray[np.uint8],
    row: int,
    feature: NDArray[np.int32],
    threshold: NDArray[np.int32],
    bucket: NDArray[np.int32],
    orientation: NDArray[np.int32],
) -> None:
    features = np.empty((FEATURE_COUNT, len(bucket)), np.int32)
    _gradient_features(padded, row, features, orientation)
    _pixel_features(padded, row, features, orientation)
    leaves = len(feature) + 1
    bucket[:] = 0
    while leaves > 1:
        for column in range(len(bucket)):
            node = bucket[column]
            exceeds = features[feature[node], column] > threshold[node]
            bucket[column] = 2 * node + 1 + exceeds
        leaves >>= 1
    bucket -= len(feature)


@numba.njit(cache=True)
def _gradient_features(
    padded: NDArray[np.uint8],
    row: int,
    features: NDArray[np.int32],
    orientation: NDArray[np.int32],
) -> None:
    """Features 0..5; `orientation` gets its value, and 8 where the lean to compare is negative."""
    width = padded.shape[1]
    energy_tall = np.zeros(width, np.int32)
    energy_leaning = np.zeros(width, np.int32)
    energy_inner = np.zeros(width, np.int32)
    difference_tall = np.zeros(width, np.int32)
    product_tall = np.zeros(width, np.int32)
    rough_tall = np.zeros(width, np.int32)
    for tap in range(PATCH - 2):
        weight, lever = np.int32(WINDOW[tap]), np.int32(LEVER[tap])
        inner = np.int32(tap in (2, 3))
        rough = np.int32(1 <= tap <= 4)
        above, here, below = padded[CELL * row + tap : CELL * row + tap + 3]
        for column in range(1, width - 1):
            left, right = np.int32(here[column - 1]), np.int32(here[column + 1])
            up, under = np.int32(above[column]), np.int32(below[column])
            across, down = right - left, under - up
            energy = across * across + down * down
            energy_tall[column] += weight * energy
            energy_leaning[column] += lever * energy
            energy_inner[column] += inner * energy
            difference_tall[column] += weight * (across * across - down * down)
            product_tall[column] += weight * (2 * across * down)
            laplacian = left + right + up + under - 4 * np.int32(here[column])
            rough_tall[column] += rough * laplacian * laplacian
    for column in range(features.shape[1]):
        first = CELL * column + 1
        strength = np.int32(0)
        lean_columns = np.int32(0)
        lean_rows = np.int32(0)
        difference = np.int32(0)
        product = np.int32(0)
        for tap in range(PATCH - 2):
            weight, lever = np.int32(WINDOW[tap]), np.int32(LEVER[tap])
            strength += weight * energy_tall[first + tap]
            lean_columns += lever * energy_tall[first + tap]
            lean_rows += weight * energy_leaning[first + tap]
            difference += weight * difference_tall[first + tap]
            product += weight * product_tall[first + tap]
        flipped, transposed = product < 0, difference < 0
        lean = lean_rows if transposed else lean_columns
        signed_lean = -lean if flipped and not transposed else lean
        orientation[column] = flipped + 2 * transposed + 4 * (signed_lean < 0) + 8 * (lean < 0)
        run, rise = np.float64(abs(difference)), np.float64(abs(product))
        features[0, column] = strength
        features[1, column] = _ratio(run * run + rise * rise, np.float64(strength) ** 2)
        features[2, column] = _ratio(rise, run + rise)
        features[3, column] = _ratio(np.float64(abs(lean)), np.float64(strength))
        features[4, column] = energy_inner[first + 2] + energy_inner[first + 3]
        features[5, column] = (
            rough_tall[first + 1]
            + rough_tall[first + 2]
            + rough_tall[first + 3]
            + rough_tall[first + 4]
        )


@numba.njit(cache=True)
def _ratio(numerator: np.float64, denominator: np.float64) -> np.int32:
    return np.int32(numerator * (1 << RATIO_BITS) / max(denominator, 1.0))


@numba.njit(cache=True)
def _pixel_features(
    padded: NDArray[np.uint8],
    row: int,
    features: NDArray[np.int32],
    orientation: NDArray[np.int32],
) -> None:
    """Features 6..13, from the 4 x 4 pixels in the middle; `orientation` loses its 8."""
    first, second, third, fourth = padded[CELL * row + 2 : CELL * row + 6]
    for column in range(features.shape[1]):
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
        bend, slope = cell - beside, 3 * step_across + outer
        same_side = (slope < 0) == (orientation[column] >= 8)
        features[6, column] = max(max(f, g), max(j, k)) - min(min(f, g), min(j, k))
        features[7, column] = abs(f + k - g - j)
        features[8, column] = abs(step_across)
        features[9, column] = abs(step_along)
        features[10, column] = abs(bend)
        features[11, column] = bend if same_side else -bend
        features[12, column] = abs(slope)
        features[13, column] = cell
        orientation[column] &= 7


@numba.njit(cache=True)
def _four(line: NDArray[np.uint8], at: int) -> tuple[np.int32, np.int32, np.int32, np.int32]:
    return (
        np.int32(line[at]),
        np.int32(line[at + 1]),
        np.int32(line[at + 2]),
        np.int32(line[at + 3]),
    )


# --- filtering --------------------------------------------------------------------------------


@numba.njit(parallel=True, cache=True)
def _filter_rows(
    padded: NDArray[np.uint8],
    signed: NDArray[np.float32],
    feature: NDArray[np.int32],
    threshold: NDArray[np.int32],
    filters: NDArray[np.float32],
    zeros: tuple[np.float32, ...],
    result: NDArray[np.int16],
) -> None:
    """`zeros` has as many items as a filter has outputs: the compiler must know their number."""
    rows, columns = (padded.shape[0] - PATCH) // CELL + 1, (padded.shape[1] - PATCH) // CELL + 1
    block = result.shape[0] // rows
    leaves = len(feature) + 1
    for row in numba.prange(rows):
        bucket = np.empty(columns, np.int32)
        orientation = np.empty(columns, np.int32)
        _hash_row(padded, row, feature, threshold, bucket, orientation)
        for column in range(columns):
            number = orientation[column] * leaves + bucket[column]
            patch = CELL * (row * padded.shape[1] + column)
            corner = block * (row * result.shape[1] + column)
            _filter_cell(  # type: ignore[call-arg]
                signed,
                patch,
                padded.shape[1],
                filters,
                number,
                zeros,
                result,
                corner,
                result.shape[1],
            )


@intrinsic
def _filter_cell(
    _context: Any,
    signed: Any,
    patch: Any,
    width: Any,
    filters: Any,
    number: Any,
    zeros: Any,
    result: Any,
    corner: Any,
    result_width: Any,
) -> Any:
    """Apply filter `number` to the patch at element `patch`; write the block at `corner`."""
    arguments = signed, patch, width, filters, number, zeros, result, corner, result_width

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        pixels, weights, target = (
            context.make_array(signature.args[which])(context, builder, values[which]).data
            for which in (0, 3, 6)
        )
        emit = _VectorCode(builder, len(zeros))
        start = builder.gep(pixels, [values[1]])
        filter_start = builder.mul(values[4], ir.IntType(64)(PATCH**2 * len(zeros)))
        sums = emit.weighted_sums(start, values[2], builder.gep(weights, [filter_start]))
        emit.store_block(emit.rounded(sums), builder.gep(target, [values[7]]), values[8])
        return context.get_dummy_value()

    return numba.void(*arguments), generate


class _VectorCode:
    """LLVM code on vectors with one lane for each output of a filter."""

    def __init__(self, builder: Any, outputs: int) -> None:
        self.builder, self.outputs = builder, outputs
        self.floats = ir.VectorType(ir.FloatType(), outputs)
        self.integers = ir.VectorType(ir.IntType(32), outputs)

    def weighted_sums(self, patch: Any, width: Any, weights: Any) -> Any:
        """Sum of each pixel times its weights; exact in float32 in any order."""
        builder, index = self.builder, ir.IntType(64)
        sums = [ir.Constant(self.floats, None)] * ACCUMULATORS
        for tap in range(PATCH**2):
            offset = builder.add(builder.mul(width, index(tap // PATCH)), index(tap % PATCH))
            pixel = self._in_all_lanes(builder.load(builder.gep(patch, [offset])))
            place = builder.gep(weights, [index(tap * self.outputs)])
            weight = builder.load(builder.bitcast(place, self.floats.as_pointer()), align=4)
            product = builder.fmul(pixel, weight, flags=("contract",))
            which = tap % ACCUMULATORS
            sums[which] = builder.fadd(sums[which], product, flags=("contract",))
        while len(sums) > 1:
            sums = [builder.fadd(*pair) for pair in zip(sums[::2], sums[1::2], strict=True)]
        return sums[0]

    def rounded(self, sums: Any) -> Any:
        """To `FRACTION_BITS` fraction bits, within 0..255."""
        builder, shift = self.builder, WEIGHT_BITS - FRACTION_BITS
        total = builder.fptosi(sums, self.integers)
        total = builder.add(total, self._constant((ZERO << WEIGHT_BITS) + (1 << (shift - 1))))
        total = builder.ashr(total, self._constant(shift))
        for compare, limit in (("<", 0), (">", 255 << FRACTION_BITS)):
            beyond = builder.icmp_signed(compare, total, self._constant(limit))
            total = builder.select(beyond, self._constant(limit), total)
        return builder.trunc(total, ir.VectorType(ir.IntType(16), self.outputs))

    def store_block(self, values: Any, corner: Any, width: Any) -> None:
        """Write a block of q x q int16, row by row."""
        builder, index = self.builder, ir.IntType(64)
        block = round(self.outputs**0.5)
        line = ir.VectorType(ir.IntType(16), block)
        for row in range(block):
            lanes = [ir.IntType(32)(row * block + column) for column in range(block)]
            mask = ir.Constant(ir.VectorType(ir.IntType(32), block), lanes)
            part = builder.shuffle_vector(values, values, mask)
            place = builder.gep(corner, [builder.mul(width, index(row))])
            builder.store(part, builder.bitcast(place, line.as_pointer()), align=2)

    def _constant(self, value: int) -> Any:
        return ir.Constant(self.integers, [value] * self.outputs)

    def _in_all_lanes(self, value: Any) -> Any:
        nothing = ir.Constant(self.floats, ir.Undefined)
        first = self.builder.insert_element(nothing, value, ir.IntType(32)(0))
        return self.builder.shuffle_vector(first, nothing, self._constant(0))


# --- colour -----------------------------------------------------------------------------------


@numba.njit(parallel=True, cache=True)
def _resize_columns(
    plane: NDArray[np.int16],
    positions: NDArray[np.intp],
    weights: NDArray[np.int32],
    result: NDArray[np.int16],
) -> None:
    half = np.int32(1 << (plain.WEIGHT_BITS - 1))
    for row in numba.prange(result.shape[0]):
        for column in range(result.shape[1]):
            total = half
            for tap in range(plain.TAPS):
                total += weights[column, tap] * np.int32(plane[row, positions[column, tap]])
            result[row, column] = total >> plain.WEIGHT_BITS


@numba.njit(parallel=True, cache=True)
def _resize_rows(
    plane: NDArray[np.int16],
    positions: NDArray[np.intp],
    weights: NDArray[np.int32],
    result: NDArray[np.int16],
) -> None:
    half = np.int32(1 << (plain.WEIGHT_BITS - 1))
    for row in numba.prange(result.shape[0]):
        one, two, three, four = positions[row]
        first, second, third, fourth = weights[row]
        for column in range(result.shape[1]):
            total = (
                half
                + first * np.int32(plane[one, column])
                + second * np.int32(plane[two, column])
                + third * np.int32(plane[three, column])
                + fourth * np.int32(plane[four, column])
            )
            result[row, column] = total >> plain.WEIGHT_BITS


@numba.njit(parallel=True, cache=True)
def _compose_rows(
    luma: NDArray[np.int16], differences: NDArray[np.int16], rgb: NDArray[np.uint8]
) -> None:
    half = np.int32(1 << (FRACTION_BITS - 1))
    for row in numba.prange(luma.shape[0]):
        for column in range(luma.shape[1]):
            light = np.int32(luma[row, column]) + half
            for channel in range(3):
                total = (light + np.int32(differences[row, channel, column])) >> FRACTION_BITS
                rgb[row, column, channel] = min(max(int(total), 0), 255)
