"""Numba twins of the decoder's functions: same names, same signatures, same results, faster.

A row of cells is hashed and filtered in one go, so that its features stay in the cache. The
innermost sum, 64 pixels times q * q weights, is written in LLVM's vector types: 16-bit numbers
whose products are added in pairs, for which processors have an instruction.

No function below the wrappers allocates memory or raises: `wasm.py` compiles them for browsers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import config
from numba.extending import intrinsic
from numpy.typing import NDArray

from raisr_decoder import resize as plain
from raisr_decoder.bank import WEIGHT_BITS, FilterStage, lanes
from raisr_decoder.cells import CELL, MARGIN, PATCH, pad
from raisr_decoder.color import FRACTION_BITS
from raisr_decoder.compiled import SCRATCH_LINES, signed
from raisr_decoder.engine import Engine
from raisr_decoder.features import (
    CELL_WINDOW,
    FEATURES,
    MIDDLE_WINDOW,
    MOMENT_WINDOW,
    RATIO_BITS,
    WINDOW,
)
from raisr_decoder.filtering import ZERO
from raisr_decoder.resize import Taps
from raisr_decoder.tree import Tree

DOT = "raisr_dot_"

INNER = PATCH - 2

compiled = numba.njit(nogil=True, cache=True, error_model="numpy")


def engine(threads: int | None = None) -> Engine:
    """The engine of this machine's own speed.

    Parameters
    ----------
    threads : int, optional
        All cores by default, or what the environment variable NUMBA_NUM_THREADS says.
    """
    count = threads or config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    mapping = map if count == 1 else partial(_in_threads, count)
    return Engine("numba", filter_cells, resize, compose, mapping)


def _in_threads(threads: int, function: Callable[..., Any], items: Iterable[Any]) -> Iterator[Any]:
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(function, items)


def hash_cells(
    padded: NDArray[np.uint8], tree: Tree
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Twin of `raisr_decoder.hashing.hash_cells`."""
    rows, columns = (size // CELL - MARGIN for size in padded.shape)
    bucket = np.empty((rows, columns), np.int32)
    orientation = np.empty((rows, columns), np.int32)
    scratch = np.empty((SCRATCH_LINES, padded.shape[1]), np.int32)
    for row in range(rows):
        hash_row(padded, row, tree.feature, tree.threshold, scratch, bucket[row], orientation[row])
    return bucket, orientation


def filter_cells(padded: NDArray[np.uint8], stage: FilterStage) -> NDArray[np.int16]:
    """Twin of `raisr_decoder.filtering.filter_cells`."""
    rows, columns = (size // CELL - MARGIN for size in padded.shape)
    result = np.empty((rows * stage.block, columns * stage.block), np.int16)
    filter_rows(
        padded,
        signed(padded),
        stage.tree.feature,
        stage.tree.threshold,
        stage.paired,
        np.empty((SCRATCH_LINES, padded.shape[1]), np.int32),
        result,
        (0,) * stage.block,
    )
    return result


def filter_plane(plane: NDArray[np.uint8], stage: FilterStage) -> NDArray[np.int16]:
    """All cells of a plane of shape (M, N), as `filter_cells` does it."""
    return filter_cells(pad(plane), stage)


def resize(plane: NDArray[np.int16], down: Taps, across: Taps) -> NDArray[np.int16]:
    """Twin of `raisr_decoder.resize.resize`."""
    narrow = _along_rows(np.ascontiguousarray(plane.T), across)
    return _along_rows(np.ascontiguousarray(narrow.T), down)


def _along_rows(plane: NDArray[np.int16], along: Taps) -> NDArray[np.int16]:
    result = np.empty((len(along[0]), *plane.shape[1:]), np.int16)
    resize_rows(plane.reshape(len(plane), -1), *along, result.reshape(len(result), -1))
    return result


def compose(luma: NDArray[np.int16], differences: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Twin of `raisr_decoder.color.compose`."""
    rgb = np.empty((*luma.shape, 3), np.uint8)
    compose_rows(luma, differences, rgb.reshape(len(rgb), -1))
    return rgb


# --- hashing ----------------------------------------------------------------------------------


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
    features = scratch[: len(FEATURES)]
    _gradient_features(padded, row, scratch[len(FEATURES) :], features, orientation)
    _pixel_features(padded, row, features, orientation)
    for column in range(len(bucket)):
        bucket[column] = 0
    leaves = len(feature) + 1
    while leaves > 1:
        for column in range(len(bucket)):
            # Without a sign, as indices below 0 would count from the end.
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
    """Features 0..5; `orientation` gets its value, and 8 where the lean to compare is negative.

    Rows of cells share rows of pixels: what those measure stays in `scratch` for the next row.
    """
    energy, difference = scratch[:INNER], scratch[INNER : 2 * INNER]
    product, rough = scratch[2 * INNER : 3 * INNER], scratch[3 * INNER : 4 * INNER]
    first = CELL * row
    for line in range(first if row == 0 else first + INNER - CELL, first + INNER):
        at = line % INNER
        _measure(padded, line + 1, energy[at], difference[at], product[at], rough[at])
    tall = scratch[4 * INNER :]
    _sum_rows(energy, first, WINDOW, tall[0])
    _sum_rows(energy, first, MOMENT_WINDOW, tall[1])
    _sum_rows(energy, first, CELL_WINDOW, tall[2])
    _sum_rows(difference, first, WINDOW, tall[3])
    _sum_rows(product, first, WINDOW, tall[4])
    _sum_rows(rough, first, MIDDLE_WINDOW, tall[5])
    _sum_columns(tall, features, orientation)


@compiled
def _measure(
    padded: NDArray[np.uint8],
    line: int,
    energy: NDArray[np.int32],
    difference: NDArray[np.int32],
    product: NDArray[np.int32],
    rough: NDArray[np.int32],
) -> None:
    """What each pixel of a row adds to the sums."""
    above, here, below = padded[line - 1], padded[line], padded[line + 1]
    for column in range(1, len(here) - 1):
        left, right = np.int32(here[column - 1]), np.int32(here[column + 1])
        up, under = np.int32(above[column]), np.int32(below[column])
        across, down = right - left, under - up
        laplacian = left + right + up + under - 4 * np.int32(here[column])
        energy[column] = across * across + down * down
        difference[column] = across * across - down * down
        product[column] = 2 * across * down
        rough[column] = laplacian * laplacian


@compiled
def _sum_rows(
    lines: NDArray[np.int32], first: int, weights: tuple[int, ...], total: NDArray[np.int32]
) -> None:
    """Weighted sum of the lines, whose first one is wherever its turn was."""
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
    """Weighted sums of what `_sum_rows` gave for the columns of a cell, and their features."""
    for column in range(len(orientation)):
        at = CELL * column + 1
        strength = _weighted(tall[0], at, WINDOW)
        lean_columns = _weighted(tall[0], at, MOMENT_WINDOW)
        lean_rows = _weighted(tall[1], at, WINDOW)
        difference = _weighted(tall[3], at, WINDOW)
        product = _weighted(tall[4], at, WINDOW)
        flipped, transposed = product < 0, difference < 0
        lean = lean_rows if transposed else lean_columns
        signed_lean = -lean if flipped and not transposed else lean
        orientation[column] = flipped + 2 * transposed + 4 * (signed_lean < 0) + 8 * (lean < 0)
        run, rise = np.float64(abs(difference)), np.float64(abs(product))
        features[0, column] = strength
        features[1, column] = _ratio(run * run + rise * rise, np.float64(strength) ** 2)
        features[2, column] = _ratio(rise, run + rise)
        features[3, column] = _ratio(np.float64(abs(lean)), np.float64(strength))
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
    """Features 6..13, from the 4 x 4 pixels in the middle; `orientation` loses its 8."""
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


@compiled
def _four(line: NDArray[np.uint8], at: int) -> tuple[np.int32, np.int32, np.int32, np.int32]:
    return (
        np.int32(line[at]),
        np.int32(line[at + 1]),
        np.int32(line[at + 2]),
        np.int32(line[at + 3]),
    )


# --- filtering --------------------------------------------------------------------------------


@compiled
def filter_rows(
    padded: NDArray[np.uint8],
    pixels: NDArray[np.int16],
    feature: NDArray[np.int32],
    threshold: NDArray[np.int32],
    filters: NDArray[np.int16],
    scratch: NDArray[np.int32],
    result: NDArray[np.int16],
    block: tuple[int, ...],
) -> None:
    """`block` has as many items as a block has rows: the compiler must know their number."""
    size, leaves = len(block), len(feature) + 1
    columns = result.shape[1] // size
    bucket = scratch[SCRATCH_LINES - 2, :columns]
    orientation = scratch[SCRATCH_LINES - 1, :columns]
    for row in range(result.shape[0] // size):
        hash_row(padded, row, feature, threshold, scratch, bucket, orientation)
        for column in range(columns):
            number = orientation[column] * leaves + bucket[column]
            patch = CELL * (row * padded.shape[1] + column)
            corner = size * (row * result.shape[1] + column)
            _filter_cell(  # type: ignore[call-arg]
                pixels,
                patch,
                padded.shape[1],
                filters,
                number,
                result,
                corner,
                result.shape[1],
                block,
            )


@intrinsic
def _filter_cell(
    _context: Any,
    pixels: Any,
    patch: Any,
    width: Any,
    filters: Any,
    number: Any,
    result: Any,
    corner: Any,
    result_width: Any,
    block: Any,
) -> Any:
    """Apply filter `number` to the patch at element `patch`; write the block at `corner`."""
    arguments = pixels, patch, width, filters, number, result, corner, result_width, block

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        source, weights, target = (
            context.make_array(signature.args[which])(context, builder, values[which]).data
            for which in (0, 3, 5)
        )
        emit = _VectorCode(builder, len(block))
        start = builder.gep(source, [values[1]])
        filter_start = builder.mul(values[4], values[4].type(PATCH**2 * emit.lanes))
        sums = emit.weighted_sums(start, values[2], builder.gep(weights, [filter_start]))
        emit.store_block(emit.rounded(sums), builder.gep(target, [values[6]]), values[7])
        return context.get_dummy_value()

    return numba.void(*arguments), generate


class _VectorCode:
    """LLVM code on vectors with one lane for each output of a filter, rounded up to four."""

    def __init__(self, builder: Any, block: int) -> None:
        self.builder, self.block, self.lanes = builder, block, lanes(block)
        self.sums = ir.VectorType(ir.IntType(32), self.lanes)
        self.pairs = ir.VectorType(ir.IntType(16), 2 * self.lanes)

    def weighted_sums(self, patch: Any, width: Any, weights: Any) -> Any:
        """Sum of each pixel times its weights, two neighbouring pixels at a time."""
        builder, index = self.builder, ir.IntType(64)
        # Sums that run side by side, so that each addition need not wait for the one before.
        sums = [ir.Constant(self.sums, None)] * max(1, min(4, 32 // self.lanes))
        for pair in range(PATCH**2 // 2):
            row, column = divmod(2 * pair, PATCH)
            offset = builder.add(builder.mul(width, index(row)), index(column))
            pixels = self._in_all_lanes(builder.gep(patch, [offset]))
            place = builder.gep(weights, [index(2 * pair * self.lanes)])
            weight = builder.load(builder.bitcast(place, self.pairs.as_pointer()), align=2)
            dot = builder.call(_dot(builder.module, self.lanes), [pixels, weight])
            which = pair % len(sums)
            sums[which] = builder.add(sums[which], dot)
        while len(sums) > 1:
            sums = [builder.add(*two) for two in zip(sums[::2], sums[1::2], strict=True)]
        return sums[0]

    def rounded(self, sums: Any) -> Any:
        """To `FRACTION_BITS` fraction bits, within 0..255."""
        builder, shift = self.builder, WEIGHT_BITS - FRACTION_BITS
        total = builder.add(sums, self._constant((ZERO << WEIGHT_BITS) + (1 << (shift - 1))))
        total = builder.ashr(total, self._constant(shift))
        for compare, limit in (("<", 0), (">", 255 << FRACTION_BITS)):
            beyond = builder.icmp_signed(compare, total, self._constant(limit))
            total = builder.select(beyond, self._constant(limit), total)
        return builder.trunc(total, ir.VectorType(ir.IntType(16), self.lanes))

    def store_block(self, values: Any, corner: Any, width: Any) -> None:
        """Write a block of q x q int16, row by row."""
        builder, index = self.builder, ir.IntType(64)
        line = ir.VectorType(ir.IntType(16), self.block)
        for row in range(self.block):
            part = _take(builder, values, range(row * self.block, (row + 1) * self.block))
            place = builder.gep(corner, [builder.mul(width, index(row))])
            builder.store(part, builder.bitcast(place, line.as_pointer()), align=2)

    def _constant(self, value: int) -> Any:
        return ir.Constant(self.sums, [value] * self.lanes)

    def _in_all_lanes(self, place: Any) -> Any:
        """Two pixels, again and again."""
        builder = self.builder
        both = builder.load(builder.bitcast(place, ir.IntType(32).as_pointer()), align=2)
        nothing = ir.Constant(self.sums, ir.Undefined)
        first = builder.insert_element(nothing, both, ir.IntType(32)(0))
        return builder.bitcast(_take(builder, first, [0] * self.lanes), self.pairs)


def _dot(module: Any, lanes: int) -> Any:
    """A function that multiplies int16 lanes and adds the products of neighbours.

    `wasm.py` replaces it: LLVM finds the instruction for it on other processors by itself.
    """
    sums, pairs = ir.VectorType(ir.IntType(32), lanes), ir.VectorType(ir.IntType(16), 2 * lanes)
    name = f"{DOT}{lanes}"
    if name in module.globals:
        return module.globals[name]
    function = ir.Function(module, ir.FunctionType(sums, [pairs, pairs]), name)
    function.linkage = "internal"
    builder = ir.IRBuilder(function.append_basic_block())
    wide = ir.VectorType(ir.IntType(32), 2 * lanes)
    product = builder.mul(*(builder.sext(argument, wide) for argument in function.args))
    even, odd = (_take(builder, product, range(first, 2 * lanes, 2)) for first in (0, 1))
    builder.ret(builder.add(even, odd))
    return function


def _take(builder: Any, vector: Any, lanes: Iterable[int]) -> Any:
    """Some lanes of a vector."""
    wanted = list(lanes)
    mask = ir.Constant(ir.VectorType(ir.IntType(32), len(wanted)), wanted)
    return builder.shuffle_vector(vector, vector, mask)


# --- colour -----------------------------------------------------------------------------------


@compiled
def resize_rows(
    plane: NDArray[np.int16],
    positions: NDArray[np.int32],
    weights: NDArray[np.int32],
    result: NDArray[np.int16],
) -> None:
    half = np.int32(1 << (plain.WEIGHT_BITS - 1))
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
            result[row, column] = total >> plain.WEIGHT_BITS


@compiled
def compose_rows(
    luma: NDArray[np.int16], differences: NDArray[np.int16], rgb: NDArray[np.uint8]
) -> None:
    """`rgb` has three columns for each of `luma`."""
    for row in range(len(luma)):
        light, line = luma[row], rgb[row]
        red, green, blue = differences[row, 0], differences[row, 1], differences[row, 2]
        for column in range(len(light)):
            line[3 * column] = _sum_of_light(light[column], red[column])
            line[3 * column + 1] = _sum_of_light(light[column], green[column])
            line[3 * column + 2] = _sum_of_light(light[column], blue[column])


@compiled
def _sum_of_light(luma: np.int16, difference: np.int16) -> np.uint8:
    total = np.int32(luma) + np.int32(difference) + np.int32(1 << (FRACTION_BITS - 1))
    # Kept to 32 bits, so that vectors hold as many as possible.
    rounded = np.int32(total >> FRACTION_BITS)
    return np.uint8(min(max(rounded, np.int32(0)), np.int32(255)))
