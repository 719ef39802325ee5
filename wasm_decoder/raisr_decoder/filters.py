"""What the engines run: the stages of a bank for one quality, and how low-rank filters expand.

A bank holds the filters of a stage as a mean filter plus, for each bucket, a weighted sum of a few
basis filters that all buckets share. `LowRankStage.at` works the filters out for one quality:
FORMAT.md, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.cells import CELL, ORIENTATIONS, PATCH, canonical_order
from raisr_decoder.limits import MAX_GAIN
from raisr_decoder.tree import Tree

WEIGHT_BITS = 9
"""Fraction bits of a filter's weights."""

NOISE_BITS = 6
"""Fraction bits of the coding noise that a slope is multiplied with."""

MAX_SHIFT = 7
"""Fraction bits that the coefficients of a basis filter may have."""

FINE_BITS = NOISE_BITS + MAX_SHIFT
"""Further fraction bits of weights until they are rounded."""

Number = TypeVar("Number", np.float32, np.int16)


@dataclass(frozen=True)
class ResizeStage:
    """Bicubic resize of the plane to the size of the output image.

    Attributes
    ----------
    scales : (Fraction, Fraction)
        Lowest and highest output size / base size that the later stages were trained for,
        multiples of 1/16 below 16. They help to choose a bank; the stage itself serves any scale.
    """

    scales: tuple[Fraction, Fraction] = (Fraction(0), Fraction(255, 16))

    def at(self, _noise: int) -> ResizeStage:
        """The same stage at any coding noise."""
        return self


@dataclass(frozen=True)
class BlendStage:
    """Blend back towards the bicubic upscale where earlier stages changed local structure.

    Attributes
    ----------
    strength : int
        As `blend` takes it, 0..255.
    """

    strength: int

    def at(self, _noise: int) -> BlendStage:
        """The same stage at any coding noise."""
        return self


@dataclass(frozen=True)
class FilterStage:
    """Hash each cell, apply the filter of its bucket.

    Attributes
    ----------
    block : int
        Rows and columns q of the output block of a cell.
    tree : Tree
        Its leaves are the buckets.
    weights : ndarray of shape (buckets, 64, q * q), int32
        Canonical filters, in units of 2**-9.
    """

    block: int
    tree: Tree
    weights: NDArray[np.int32]

    @property
    def scale(self) -> Fraction:
        """Output size / input size."""
        return Fraction(self.block, CELL)

    @cached_property
    def expanded(self) -> NDArray[np.float32]:
        """Filters of every orientation, shape (8 * buckets, 64, q * q), float32.

        Filter ``orientation * buckets + bucket`` applies to a patch as it lies in the image.
        """
        return self._oriented(np.float32)

    @cached_property
    def paired(self) -> NDArray[np.int16]:
        """`expanded` as compiled code reads it, shape (8 * buckets, 32, lanes, 2), int16.

        The weights of two neighbouring taps lie side by side for each output; `lanes` rounds the
        number of outputs up, and the outputs that it adds have weights of 0.
        """
        outputs = self.block**2
        pairs = self._oriented(np.int16).reshape(-1, PATCH**2 // 2, 2, outputs)
        paired = np.zeros((*pairs.shape[:2], lanes(self.block), 2), np.int16)
        paired[:, :, :outputs] = pairs.transpose(0, 1, 3, 2)
        return paired

    def _oriented(self, dtype: type[Number]) -> NDArray[Number]:
        buckets, taps, outputs = self.weights.shape
        oriented = np.empty((ORIENTATIONS, buckets, taps, outputs), dtype)
        for orientation in range(ORIENTATIONS):
            patch = canonical_order(PATCH, orientation)
            block = canonical_order(self.block, orientation)
            oriented[orientation][:, patch[:, None], block] = self.weights
        return oriented.reshape(-1, taps, outputs)


@dataclass(frozen=True)
class LowRankStage:
    """A filter stage for every quality, as a bank holds it.

    The filter of a bucket is the mean filter plus the basis filters, each times
    ``(constant + slope * noise / 64) / 2**shift``.

    Attributes
    ----------
    block : int
        Rows and columns q of the output block of a cell.
    tree : Tree
        Its leaves are the buckets.
    mean : ndarray of shape (64, q * q), int16
        The mean filter, in units of 2**-9.
    basis : ndarray of shape (rank, 64, q * q), int8
        Basis filters, in units of 2**-9; the weights of each output sum to 0.
    shift : ndarray of shape (rank,), uint8
        Fraction bits of the coefficients of each basis filter, 0..7.
    constant, slope : ndarray of shape (buckets, rank), int8
        Coefficients of each bucket.
    """

    block: int
    tree: Tree
    mean: NDArray[np.int16]
    basis: NDArray[np.int8]
    shift: NDArray[np.uint8]
    constant: NDArray[np.int8]
    slope: NDArray[np.int8]

    @property
    def scale(self) -> Fraction:
        """Output size / input size."""
        return Fraction(self.block, CELL)

    def at(self, noise: int) -> FilterStage:
        """The stage at a coding noise of -64..64."""
        # Every integer below 2**53 is exact in float64, whose matrix products are fast.
        coefficients = (self.constant.astype(np.float64) * (1 << NOISE_BITS)) + (
            self.slope.astype(np.float64) * noise
        )
        coefficients *= 2.0 ** (MAX_SHIFT - self.shift.astype(np.float64))
        rank, taps, outputs = self.basis.shape
        change = coefficients @ self.basis.reshape(rank, taps * outputs).astype(np.float64)
        fine = change.reshape(-1, taps, outputs) + self.mean * float(1 << FINE_BITS)
        weights = exact_weights(fine, self.mean)
        return FilterStage(self.block, self.tree, weights)


Stage = ResizeStage | FilterStage | BlendStage
"""What an engine runs."""


@dataclass(frozen=True)
class Filters:
    """The stages that turn a base image into an output image.

    Attributes
    ----------
    stages : tuple of Stage
        A resize or filter stage, then filter stages of scale 1 and blend stages.
    """

    stages: tuple[Stage, ...]

    @property
    def scale(self) -> Fraction | None:
        """Output size / base size; None where a resize stage serves any size."""
        first = self.stages[0]
        return first.scale if isinstance(first, FilterStage) else None


def lanes(block: int) -> int:
    """Outputs of a filter, rounded up to whole vectors of four."""
    return -(-(block**2) // 4) * 4


def exact_weights(fine: NDArray[np.float64], mean: NDArray[np.int16]) -> NDArray[np.int32]:
    """Weights without their further fraction bits, and within the exact range.

    Parameters
    ----------
    fine : ndarray of shape (buckets, 64, q * q), float64
        With `FINE_BITS` further fraction bits; those of an output sum to one.
    mean : ndarray of shape (64, q * q), int16
        The mean filter, for outputs whose gain is too large.

    Returns
    -------
    ndarray of shape (buckets, 64, q * q), int32
        Differences of rounded running sums, so that they sum to one as well.
    """
    sums = fine.cumsum(axis=1)
    sums += float(1 << (FINE_BITS - 1))
    whole = sums.astype(np.int64) >> FINE_BITS
    weights = np.diff(whole, axis=1, prepend=0)
    gain = np.abs(weights).sum(axis=1, keepdims=True)
    return np.where(gain > MAX_GAIN << WEIGHT_BITS, mean, weights).astype(np.int32)
