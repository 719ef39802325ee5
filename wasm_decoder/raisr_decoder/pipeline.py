"""Base image -> output image: the pipeline, FORMAT.md, section 4.

It is built of planes whose rows are computed on demand. Asking for a strip of the output image
computes the rows of each stage that the strip needs, and no more: a large image takes little
memory, and can be painted while it is decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.alpha import separate_from_white
from raisr_decoder.blending import blend
from raisr_decoder.cells import CELL, MARGIN, pad_columns
from raisr_decoder.color import FRACTION_BITS, differences, luma, round_luma
from raisr_decoder.engine import NUMPY, Engine
from raisr_decoder.errors import BankMismatch
from raisr_decoder.filters import BlendStage, Filters, FilterStage, ResizeStage, Stage
from raisr_decoder.planes import Plane, plane_of
from raisr_decoder.resize import taps
from raisr_decoder.shapes import Shape, base_shape, check_sizes

Rows = tuple[int, int]
Steps = tuple[Fraction, Fraction]
"""Base samples per output sample along rows and along columns."""

STRIP_ROWS = 120
"""Rows of the output image at a time: whole cells at every scale."""


NO_FILTERS = Filters((ResizeStage(),))
"""Those of a payload that names no bank: bicubic alone."""


def restore(
    base: NDArray[np.uint8],
    filters: Filters,
    shape: Shape,
    alpha: NDArray[np.uint8] | None = None,
    engine: Engine = NUMPY,
) -> NDArray[np.uint8]:
    """Run the stages of a bank on a base image.

    Parameters
    ----------
    base : ndarray of shape (M, N, 3), uint8
        Base image, sRGB.
    filters : Filters
    shape : (int, int)
        Rows and columns of the output image.
    alpha : ndarray of shape (M, N), uint8, optional
        Alpha plane, where the base image is composited on white.
    engine : Engine, optional

    Returns
    -------
    ndarray of shape (*shape, 3), or (*shape, 4) with straight alpha, uint8

    Raises
    ------
    BankMismatch
        The base image does not have the size that the bank's scale asks for.
    LimitExceeded
        One of the two images is too large, or too large for the other.
    """
    strip = strip_maker(base, filters, shape, alpha, engine)
    output = np.empty((*shape, 3 if alpha is None else 4), np.uint8)

    def put(rows: Rows) -> None:
        output[slice(*rows)] = strip(rows)

    for _ in engine.map(put, strips_of(shape)):
        pass
    return output


def restore_strips(
    base: NDArray[np.uint8],
    filters: Filters,
    shape: Shape,
    alpha: NDArray[np.uint8] | None = None,
    engine: Engine = NUMPY,
) -> Iterator[NDArray[np.uint8]]:
    """As `restore`, but `STRIP_ROWS` rows at a time, from top to bottom.

    Returns
    -------
    iterator of ndarray of shape (rows, columns, 3 or 4), uint8
        The last strip may have fewer rows.
    """
    return map(strip_maker(base, filters, shape, alpha, engine), strips_of(shape))


def strips_of(shape: Shape) -> Iterator[Rows]:
    """First row of each strip of an output image, and the one after its last."""
    for first in range(0, shape[0], STRIP_ROWS):
        yield first, min(first + STRIP_ROWS, shape[0])


def strip_maker(
    base: NDArray[np.uint8],
    filters: Filters,
    shape: Shape,
    alpha: NDArray[np.uint8] | None,
    engine: Engine,
) -> Callable[[Rows], NDArray[np.uint8]]:
    """A function that computes any rows of the output image.

    Parameters and errors are those of `restore`.
    """
    steps = sampling_steps(base.shape[:2], filters, shape)
    base_luma, base_color = split(base)
    filtered = restore_luma(base_luma, filters, shape, steps, engine)
    color = _resized(base_color, shape, steps, engine)
    opacity = (
        None if alpha is None else restore_luma(plane_of(alpha), filters, shape, steps, engine)
    )

    def strip(rows: Rows) -> NDArray[np.uint8]:
        rgb = engine.compose(filtered.rows(*rows), color.rows(*rows))
        return rgb if opacity is None else separate_from_white(rgb, round_luma(opacity.rows(*rows)))

    return strip


def split(base: NDArray[np.uint8]) -> tuple[Plane, Plane]:
    """Luma of an image, and the differences of its colour channels from it."""
    rows, columns, _ = base.shape
    plane = Plane((rows, columns), lambda *rows: luma(base[slice(*rows)]))
    color = Plane(plane.shape, lambda *rows: differences(base[slice(*rows)], plane.rows(*rows)))
    return plane, color


def sampling_steps(base: Shape, filters: Filters, shape: Shape) -> Steps:
    """Base samples per output sample along rows and columns.

    Parameters
    ----------
    base : (int, int)
        Rows and columns of the base image.
    filters : Filters
    shape : (int, int)
        Rows and columns of the output image.

    Raises
    ------
    BankMismatch, LimitExceeded
    """
    check_sizes(base, shape)
    if filters.scale is None:
        return Fraction(base[0], shape[0]), Fraction(base[1], shape[1])
    expected = base_shape(shape, filters.scale)
    if base != expected:
        raise BankMismatch(
            f"at scale {filters.scale} an output image of {shape[1]} x {shape[0]} pixels has a "
            f"base image of {expected[1]} x {expected[0]}, this one has {base[1]} x {base[0]}"
        )
    return 1 / filters.scale, 1 / filters.scale


def restore_luma(
    base: Plane, filters: Filters, shape: Shape, steps: Steps, engine: Engine
) -> Plane:
    """Run the stages on luma; the result keeps `FRACTION_BITS` fraction bits."""
    plane = base
    for stage in filters.stages[:-1]:
        plane = _rounded(_run(base, plane, stage, shape, steps, engine))
    return _run(base, plane, filters.stages[-1], shape, steps, engine)


def _run(
    base: Plane, plane: Plane, stage: Stage, shape: Shape, steps: Steps, engine: Engine
) -> Plane:
    """One stage; its result keeps `FRACTION_BITS` fraction bits."""
    match stage:
        case FilterStage():
            return _filtered(plane, stage, shape, engine)
        case ResizeStage():
            return _resized_luma(plane, shape, steps, engine)
        case BlendStage(strength):
            return _blended(plane, _resized_luma(base, shape, steps, engine), strength)


def _filtered(plane: Plane, stage: FilterStage, shape: Shape, engine: Engine) -> Plane:
    """Filters the cells of the rows that are asked for."""

    def rows(first: int, last: int) -> NDArray[np.int16]:
        top, bottom = first // stage.block, -(-last // stage.block)
        patches = plane.rows_and_beyond(CELL * top - MARGIN, CELL * bottom + MARGIN)
        fine = engine.filter_cells(pad_columns(patches), stage)
        start = top * stage.block
        return fine[first - start : last - start, : shape[1]]

    return Plane(shape, rows)


def _blended(plane: Plane, bicubic: Plane, strength: int) -> Plane:
    """Blends the rows that are asked for; their census needs a row more above and below."""

    def rows(first: int, last: int) -> NDArray[np.int16]:
        top, bottom = max(first - 1, 0), min(last + 1, plane.shape[0])
        mixed = blend(plane.rows(top, bottom), bicubic.rows(top, bottom), strength)
        return mixed[first - top : last - top]

    return Plane(plane.shape, rows)


def resize_luma(
    plane: NDArray[np.uint8], shape: Shape, steps: Steps, engine: Engine
) -> NDArray[np.int16]:
    """Bicubic resize, clipped to 0..255; the result keeps `FRACTION_BITS` fraction bits."""
    return _resized_luma(plane_of(plane), shape, steps, engine).whole()


def _resized_luma(plane: Plane, shape: Shape, steps: Steps, engine: Engine) -> Plane:
    fine = _resized(plane, shape, steps, engine)
    return Plane(shape, lambda *rows: np.clip(fine.rows(*rows), 0, 255 << FRACTION_BITS))


def _resized(plane: Plane, shape: Shape, steps: Steps, engine: Engine) -> Plane:
    """Resizes what the rows that are asked for need, to `FRACTION_BITS` fraction bits.

    The result overshoots where the image has edges.
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
