"""Base picture -> full picture: the pipeline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.alpha import unflatten
from raisr_decoder.bank import Bank, BlendStage, FilterStage, ResizeStage, Stage, base_shape
from raisr_decoder.blending import blend
from raisr_decoder.color import FRACTION_BITS, compose, differences, luma, round_luma
from raisr_decoder.errors import BankMismatch
from raisr_decoder.filtering import filter_plane
from raisr_decoder.resize import resize

Shape = tuple[int, int]
Steps = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class Engine:
    """The functions that do the heavy work; all engines give the same pixels."""

    name: str
    filter_plane: Callable[[NDArray[np.uint8], FilterStage], NDArray[np.int16]]
    resize: Callable[[NDArray[np.int16], Shape, Steps], NDArray[np.int16]]
    differences: Callable[[NDArray[np.uint8], NDArray[np.uint8]], NDArray[np.int16]]
    compose: Callable[[NDArray[np.int16], NDArray[np.int16]], NDArray[np.uint8]]


NUMPY = Engine("numpy", filter_plane, resize, differences, compose)

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
    """
    small = luma(base)
    steps = sampling_steps(small.shape, bank, shape)
    full = restore_luma(small, bank, shape, steps, engine)
    color = resize_color(engine.differences(base, small), shape, steps, engine)
    rgb = engine.compose(full, color)
    if alpha is None:
        return rgb
    return unflatten(rgb, round_luma(restore_luma(alpha, bank, shape, steps, engine)))


def sampling_steps(small: Shape, bank: Bank, shape: Shape) -> Steps:
    """Base samples per full sample along rows and columns.

    Raises
    ------
    BankMismatch
    """
    if bank.scale is None:
        return Fraction(small[0], shape[0]), Fraction(small[1], shape[1])
    expected = base_shape(shape, bank.scale)
    if small != expected:
        raise BankMismatch(
            f"at scale {bank.scale} a picture of {shape[1]} x {shape[0]} has a base picture of "
            f"{expected[1]} x {expected[0]}, this one has {small[1]} x {small[0]}"
        )
    return 1 / bank.scale, 1 / bank.scale


def restore_luma(
    small: NDArray[np.uint8], bank: Bank, shape: Shape, steps: Steps, engine: Engine
) -> NDArray[np.int16]:
    """Run the stages on luma; the result, of shape `shape`, keeps `FRACTION_BITS` fraction bits."""
    plane = small
    for stage in bank.stages[:-1]:
        plane = round_luma(_run(small, plane, stage, shape, steps, engine))
    return _run(small, plane, bank.stages[-1], shape, steps, engine)


def _run(
    small: NDArray[np.uint8],
    plane: NDArray[np.uint8],
    stage: Stage,
    shape: Shape,
    steps: Steps,
    engine: Engine,
) -> NDArray[np.int16]:
    """One stage; its result keeps `FRACTION_BITS` fraction bits."""
    match stage:
        case FilterStage():
            return engine.filter_plane(plane, stage)[: shape[0], : shape[1]]
        case ResizeStage():
            return resize_luma(plane, shape, steps, engine)
        case BlendStage():
            return blend(plane, resize_luma(small, shape, steps, engine), stage.strength)


def resize_luma(
    plane: NDArray[np.uint8], shape: Shape, steps: Steps, engine: Engine
) -> NDArray[np.int16]:
    """Bicubic within 0..255; the result keeps `FRACTION_BITS` fraction bits."""
    fine = engine.resize(plane.astype(np.int16) << FRACTION_BITS, shape, steps)
    clipped: NDArray[np.int16] = np.clip(fine, 0, 255 << FRACTION_BITS)
    return clipped


def resize_color(
    differences: NDArray[np.int16], shape: Shape, steps: Steps, engine: Engine
) -> NDArray[np.int16]:
    """Resize differences of shape (3, M, N); the result keeps `FRACTION_BITS` fraction bits."""
    planes = (differences << FRACTION_BITS).astype(np.int16, copy=False)
    return np.stack([engine.resize(plane, shape, steps) for plane in planes])
