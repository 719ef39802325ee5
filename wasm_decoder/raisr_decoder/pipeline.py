"""Base picture -> full picture: the pipeline.

It is built of planes whose rows are made when they are asked for. Asking for a strip of the full
picture makes each stage's rows that the strip needs, and no more: a large picture takes little
memory, and can be shown as it grows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.alpha import separate_from_white
from raisr_decoder.bank import Bank, BlendStage, FilterStage, ResizeStage, Stage
from raisr_decoder.blending import blend
from raisr_decoder.cells import CELL, MARGIN, pad_columns
from raisr_decoder.color import FRACTION_BITS, differences, luma, round_luma
from raisr_decoder.engine import NUMPY, Engine
from raisr_decoder.errors import BankMismatch
from raisr_decoder.planes import Plane, plane_of
from raisr_decoder.resize import taps
from raisr_decoder.shapes import Shape, base_shape, check_sizes

Rows = tuple[int, int]
Steps = tuple[Fraction, Fraction]

STRIP_ROWS = 120
"""Rows of the full picture at a time: whole cells at every scale."""


NO_FILTERS = Bank("png", (0, 100), (ResizeStage(),))
"""Stands in for the bank of a payload that asks for none: bicubic alone."""


def restore(
    base: NDArray[np.uint8],
    bank: Bank,
    shape: Shape,
    alpha: NDArray[np.uint8] | None = None,
    engine: Engine = NUMPY,
) -> NDArray[np.uint8]:
    """Run the stages of a bank on a base picture.

    Parameters
    ----------
    base : ndarray of shape (M, N, 3), uint8
        Base picture, sRGB.
    bank : Bank
    shape : (int, int)
        Rows and columns of the full picture.
    alpha : ndarray of shape (M, N), uint8, optional
        Opacity, where the base picture was laid over white.
    engine : Engine, optional

    Returns
    -------
    ndarray of shape (*shape, 3), or (*shape, 4) with straight alpha, uint8

    Raises
    ------
    BankMismatch
        The base picture has not the size that the bank's scale asks for.
    LimitExceeded
        One of the two pictures is too large, or too large for the other.
    """
    strip = strip_maker(base, bank, shape, alpha, engine)
    full = np.empty((*shape, 3 if alpha is None else 4), np.uint8)

    def put(rows: Rows) -> None:
        full[slice(*rows)] = strip(rows)

    for _ in engine.map(put, strips_of(shape)):
        pass
    return full


def restore_strips(
    base: NDArray[np.uint8],
    bank: Bank,
    shape: Shape,
    alpha: NDArray[np.uint8] | None = None,
    engine: Engine = NUMPY,
) -> Iterator[NDArray[np.uint8]]:
    """`restore`, `STRIP_ROWS` rows at a time, from top to bottom; the last strip may be lower."""
    return map(strip_maker(base, bank, shape, alpha, engine), strips_of(shape))


def strips_of(shape: Shape) -> Iterator[Rows]:
    """First row of each strip, and the one after its last."""
    for first in range(0, shape[0], STRIP_ROWS):
        yield first, min(first + STRIP_ROWS, shape[0])


def strip_maker(
    base: NDArray[np.uint8],
    bank: Bank,
    shape: Shape,
    alpha: NDArray[np.uint8] | None,
    engine: Engine,
) -> Callable[[Rows], NDArray[np.uint8]]:
    """A function that makes any rows of the full picture from the base picture alone."""
    steps = sampling_steps(base.shape[:2], bank, shape)
    small, color = split(base)
    light = restore_luma(small, bank, shape, steps, engine)
    color = _resized(color, shape, steps, engine)
    opacity = None if alpha is None else restore_luma(plane_of(alpha), bank, shape, steps, engine)

    def strip(rows: Rows) -> NDArray[np.uint8]:
        rgb = engine.compose(light.rows(*rows), color.rows(*rows))
        return rgb if opacity is None else separate_from_white(rgb, round_luma(opacity.rows(*rows)))

    return strip


def split(base: NDArray[np.uint8]) -> tuple[Plane, Plane]:
    """Luma of a picture, and what its colours differ from it by."""
    rows, columns, _ = base.shape
    small = Plane((rows, columns), lambda *rows: luma(base[slice(*rows)]))
    color = Plane(small.shape, lambda *rows: differences(base[slice(*rows)], small.rows(*rows)))
    return small, color


def sampling_steps(small: Shape, bank: Bank, shape: Shape) -> Steps:
    """Base samples per full sample along rows and columns.

    Raises
    ------
    BankMismatch, LimitExceeded
    """
    check_sizes(small, shape)
    if bank.scale is None:
        return Fraction(small[0], shape[0]), Fraction(small[1], shape[1])
    expected = base_shape(shape, bank.scale)
    if small != expected:
        raise BankMismatch(
            f"at scale {bank.scale} a picture of {shape[1]} x {shape[0]} has a base picture of "
            f"{expected[1]} x {expected[0]}, this one has {small[1]} x {small[0]}"
        )
    return 1 / bank.scale, 1 / bank.scale


def restore_luma(small: Plane, bank: Bank, shape: Shape, steps: Steps, engine: Engine) -> Plane:
    """Run the stages on luma; the result keeps `FRACTION_BITS` fraction bits."""
    plane = small
    for stage in bank.stages[:-1]:
        plane = _rounded(_run(small, plane, stage, shape, steps, engine))
    return _run(small, plane, bank.stages[-1], shape, steps, engine)


def _run(
    small: Plane, plane: Plane, stage: Stage, shape: Shape, steps: Steps, engine: Engine
) -> Plane:
    """One stage; its result keeps `FRACTION_BITS` fraction bits."""
    match stage:
        case FilterStage():
            return _filtered(plane, stage, shape, engine)
        case ResizeStage():
            return _resized_luma(plane, shape, steps, engine)
        case BlendStage(strength):
            return _blended(plane, _resized_luma(small, shape, steps, engine), strength)


def _filtered(plane: Plane, stage: FilterStage, shape: Shape, engine: Engine) -> Plane:
    """Filter the cells of the rows that are asked for."""

    def rows(first: int, last: int) -> NDArray[np.int16]:
        top, bottom = first // stage.block, -(-last // stage.block)
        patches = plane.rows_and_beyond(CELL * top - MARGIN, CELL * bottom + MARGIN)
        fine = engine.filter_cells(pad_columns(patches), stage)
        start = top * stage.block
        return fine[first - start : last - start, : shape[1]]

    return Plane(shape, rows)


def _blended(plane: Plane, cheap: Plane, strength: int) -> Plane:
    """Blend the rows that are asked for, and look at the neighbours above and below."""

    def rows(first: int, last: int) -> NDArray[np.int16]:
        top, bottom = max(first - 1, 0), min(last + 1, plane.shape[0])
        mixed = blend(plane.rows(top, bottom), cheap.rows(top, bottom), strength)
        return mixed[first - top : last - top]

    return Plane(plane.shape, rows)


def resize_luma(
    plane: NDArray[np.uint8], shape: Shape, steps: Steps, engine: Engine
) -> NDArray[np.int16]:
    """Bicubic within 0..255; the result keeps `FRACTION_BITS` fraction bits."""
    return _resized_luma(plane_of(plane), shape, steps, engine).whole()


def _resized_luma(plane: Plane, shape: Shape, steps: Steps, engine: Engine) -> Plane:
    fine = _resized(plane, shape, steps, engine)
    return Plane(shape, lambda *rows: np.clip(fine.rows(*rows), 0, 255 << FRACTION_BITS))


def _resized(plane: Plane, shape: Shape, steps: Steps, engine: Engine) -> Plane:
    """Resize what the rows that are asked for need; the result keeps `FRACTION_BITS` fraction bits.

    It overshoots where the plane has edges.
    """
    if shape == plane.shape and all(step == 1 for step in steps):
        return Plane(shape, lambda *rows: _fine(plane.rows(*rows)))
    positions, weights = taps(plane.shape[0], shape[0], steps[0])
    across = taps(plane.shape[1], shape[1], steps[1])

    def rows(first: int, last: int) -> NDArray[np.int16]:
        top, bottom = positions[first, 0], positions[last - 1, -1] + 1
        down = positions[first:last] - top, weights[first:last]
        return engine.resize(_fine(plane.rows(top, bottom)), down, across)

    return Plane(shape, rows)


def _rounded(fine: Plane) -> Plane:
    return Plane(fine.shape, lambda *rows: round_luma(fine.rows(*rows)))


def _fine(samples: NDArray[Any]) -> NDArray[np.int16]:
    return samples.astype(np.int16, copy=False) << FRACTION_BITS
