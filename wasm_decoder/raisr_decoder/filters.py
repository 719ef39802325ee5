"""What the engines run: the stages of a bank for one quality, and how low-rank filters expand.

A bank holds the filters of a stage as a mean filter plus, for each bucket, a weighted sum of a few
basis filters that all buckets share. `LowRankStage.at` works the filters out for one quality:
FORMAT.md, section 3.
"""

from __future__ import annotations

from collections.abc import Iterable
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


@dataclass(frozen=True)
class BlendStage:
    """Blend back towards the bicubic upscale where earlier stages changed local structure.

    Attributes
    ----------
    strength : int
        As `blend` takes it, 0..255.
    """

    strength: int


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
        taps, outputs = self.weights.shape[1:]
        places = (_canonical_places(self.block, each) for each in range(ORIENTATIONS))
        return self._gathered(places, np.float32).reshape(-1, taps, outputs)

    @cached_property
    def paired(self) -> NDArray[np.int16]:
        """`expanded` as compiled code reads it, shape (8 * buckets, 32, lanes, 2), int16.

        The weights of two neighbouring taps lie side by side for each output; `lanes` rounds the
        number of outputs up, and the outputs that it adds have weights of 0.
        """
        pairs = PATCH**2 // 2
        outputs, padded = self.block**2, lanes(self.block)
        places = np.full((pairs, padded, 2), PATCH**2 * outputs)

        def placed(orientation: int) -> NDArray[np.intp]:
            canonical = _canonical_places(self.block, orientation)
            places[:, :outputs] = canonical.reshape(pairs, 2, outputs).swapaxes(1, 2)
            return places

        gathered = self._gathered(map(placed, range(ORIENTATIONS)), np.int16)
        return gathered.reshape(-1, pairs, padded, 2)

    def _gathered(self, places: Iterable[NDArray[np.intp]], dtype: type[Number]) -> NDArray[Number]:
        """The weights at some places of each filter, for each orientation; behind the last a 0."""
        buckets = len(self.weights)
        flat = np.zeros((buckets, self.weights[0].size + 1), dtype)
        flat[:, :-1] = self.weights.reshape(buckets, -1)
        return np.stack([flat.take(each.ravel(), axis=1) for each in places])


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
        constant, slope = (each.astype(np.float64) for each in (self.constant, self.slope))
        coefficients = constant + slope * (noise / (1 << NOISE_BITS))
        coefficients /= np.exp2(self.shift)
        rank, taps, outputs = self.basis.shape
        sums = self.basis.cumsum(axis=1, dtype=np.float64).reshape(rank, taps * outputs)
        running = (coefficients @ sums).reshape(-1, taps, outputs)
        running += self.mean.cumsum(axis=0, dtype=np.float64)
        return FilterStage(self.block, self.tree, weights_of_sums(running, self.mean))


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


def weights_of_sums(running: NDArray[np.float64], mean: NDArray[np.int16]) -> NDArray[np.int32]:
    """Whole weights, within the exact range, from the running sums of finer ones.

    Parameters
    ----------
    running : ndarray of shape (buckets, 64, q * q), float64
        Sums over the taps up to each, in units of 2**-9; overwritten. The last ones are 512.
    mean : ndarray of shape (64, q * q), int16
        The mean filter, for outputs whose gain is too large.

    Returns
    -------
    ndarray of shape (buckets, 64, q * q), int32
        Differences of the rounded sums, so that they sum to one as well.
    """
    running += 0.5
    np.floor(running, out=running)
    weights = np.empty(running.shape, np.int32)
    weights[:, 0] = running[:, 0]
    np.subtract(running[:, 1:], running[:, :-1], out=weights[:, 1:], casting="unsafe")
    gain = np.abs(weights).sum(axis=1, keepdims=True, dtype=np.int64)
    loud = gain > MAX_GAIN << WEIGHT_BITS
    if loud.any():
        np.copyto(weights, mean, where=loud)
    return weights


def _canonical_places(block: int, orientation: int) -> NDArray[np.intp]:
    """Where the weights of an oriented filter are in the canonical one, shape (64, q * q)."""
    taps, outputs = PATCH**2, block**2
    patch, cells = canonical_order(PATCH, orientation), canonical_order(block, orientation)
    places = np.empty((taps, outputs), np.intp)
    places[patch[:, None], cells] = np.arange(taps * outputs).reshape(taps, outputs)
    return places
