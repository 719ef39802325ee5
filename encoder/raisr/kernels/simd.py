"""The innermost sum, 64 pixels times q * q weights, in LLVM's vector types.

Pixels and weights are 16-bit integers whose products are added in pairs, for which processors have
an instruction.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numba
from llvmlite import ir
from numba.extending import intrinsic

from raisr_decoder.cells import PATCH
from raisr_decoder.color import FRACTION_BITS
from raisr_decoder.filtering import ZERO
from raisr_decoder.filters import WEIGHT_BITS, lanes
from raisr_decoder.shapes import BLOCKS

DOT = "raisr_dot_"
"""Start of the name of the LLVM function that multiplies and adds; the number of lanes follows."""

LANES = {block: lanes(block) for block in BLOCKS}
"""Lanes of the vectors that hold the outputs of a filter, for each size of output block."""


@intrinsic
def filter_cell(
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
    """Apply filter `number` to the patch at offset `patch`; write the block at offset `corner`.

    Offsets count elements from the start of `pixels` and of `result`, arrays of int16 whose rows
    have `width` and `result_width` elements; `block` is a tuple of q items.
    """
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
        self.builder, self.block, self.lanes = builder, block, LANES[block]
        self.sums = ir.VectorType(ir.IntType(32), self.lanes)
        self.pairs = ir.VectorType(ir.IntType(16), 2 * self.lanes)

    def weighted_sums(self, patch: Any, width: Any, weights: Any) -> Any:
        """Sum of each pixel times its weights, two neighbouring pixels at a time."""
        builder, index = self.builder, ir.IntType(64)
        # Several independent sums, so that an addition need not wait for the one before.
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
        """Sums rounded to `FRACTION_BITS` fraction bits, within 0..255."""
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
        """Two neighbouring pixels, repeated in all lanes."""
        builder = self.builder
        both = builder.load(builder.bitcast(place, ir.IntType(32).as_pointer()), align=2)
        nothing = ir.Constant(self.sums, ir.Undefined)
        first = builder.insert_element(nothing, both, ir.IntType(32)(0))
        return builder.bitcast(_take(builder, first, [0] * self.lanes), self.pairs)


def _dot(module: Any, lanes: int) -> Any:
    """A function that multiplies int16 lanes and adds the products of neighbours.

    On x86 and ARM, LLVM finds the instruction for it; `tools.compile_kernel` replaces the function
    where LLVM does not, for WebAssembly.
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
