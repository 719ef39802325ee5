"""Filters of low rank -> the integers that a bank holds.

Each rounding carries its error over to the numbers that are not yet rounded, as much as their
correlation says: Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative
Pre-trained Transformers", 2022, section 3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from raisr.training.least_squares import TAPS
from raisr.training.low_rank import (
    ONE,
    Array,
    LowRankFilters,
    Moments,
    fit_mean,
    normal_equations,
)
from raisr_decoder.cells import PATCH
from raisr_decoder.filters import MAX_SHIFT, LowRankStage
from raisr_decoder.tree import Tree

ROUNDING_SHARE = 1.5e-4
"""Share of the smallest squared error of a level that rounding a coefficient may add."""

FINE_ERROR = 10.0
"""Squared error, in squared pixel values, from which on basis filters have a coarser step."""

SUM_PENALTY = 100.0
"""Weight of the sum of an output's weights in the metric of rounding, in energies of a tap."""

LARGEST_WEIGHT = 112
"""Of a basis filter before rounding, which may add a few units to it."""

MAX_INTEGER = 127
"""Of basis filters and coefficients, either way."""


def round_mean(moments: Moments) -> NDArray[np.int16]:
    """The mean filter as integers that sum to 512, shape (64, q * q)."""
    mean = fit_mean(moments) * ONE
    return _round_taps(mean, moments.gram[0].sum(axis=0), ONE).astype(np.int16)


def round_stage(
    block: int, tree: Tree, filters: LowRankFilters, moments: Moments, error: float
) -> LowRankStage:
    """A stage of integers, as banks hold it.

    Parameters
    ----------
    block : int
        Rows and columns q of an output block.
    tree : Tree
    filters : LowRankFilters
        Whose mean `round_mean` has rounded.
    moments : Moments
    error : float
        Squared error of the level that suffers most from rounding, as `weigh` returns it.
    """
    basis = _rounded_basis(filters, moments, 1.0 if error < FINE_ERROR else 2.0)
    left = moments.beyond(filters.mean)
    gram, cross = normal_equations(left, basis / ONE)
    exact = np.linalg.solve(gram, cross[..., None])[..., 0]
    shift = _shifts(basis / ONE, exact, moments, ROUNDING_SHARE * error)
    unit = np.tile(np.exp2(shift), 2)
    rounded = np.empty(exact.shape, np.int8)
    for bucket, metric in enumerate(gram):
        whole = _round(exact[bucket, :, None] * unit[:, None], metric / np.outer(unit, unit))
        rounded[bucket] = np.clip(whole[:, 0], -MAX_INTEGER, MAX_INTEGER)
    constant, slope = np.split(rounded, 2, axis=1)
    mean = np.rint(filters.mean * ONE).astype(np.int16)
    return LowRankStage(block, tree, mean, basis, shift.astype(np.uint8), constant, slope)


def _rounded_basis(filters: LowRankFilters, moments: Moments, step: float) -> NDArray[np.int8]:
    """Basis filters as integers, in units of `step` or more, the outputs of which sum to zero."""
    basis = np.zeros(filters.basis.shape, np.int8)
    for number, exact in enumerate(filters.basis * ONE):
        use = filters.coefficients[:, :, number]
        metric = np.tensordot(use[:, 0] ** 2, moments.gram[0], 1)
        metric += np.tensordot(use[:, 1] ** 2, moments.gram[2], 1)
        # A filter of large weights takes larger coefficients instead.
        fitting = np.ceil(np.log2(max(np.abs(exact).max(), 1.0) / LARGEST_WEIGHT))
        scale = max(step, 2.0**fitting)
        rounded = _round_taps(exact / scale, metric, 0)
        if np.abs(rounded).max() <= MAX_INTEGER:
            basis[number] = rounded
    return basis


def _shifts(basis: Array, coefficients: Array, moments: Moments, error: float) -> Array:
    """Fraction bits of the coefficients of each basis filter, as few as add an error at most."""
    energy = (basis * (moments.gram[0].sum(axis=0) @ basis)).mean(axis=2).sum(axis=1)
    energy /= max(moments.cells, 1)
    wanted = np.ceil(0.5 * np.log2(np.maximum(energy, 1e-12) / (12 * error)))
    largest = np.abs(coefficients.reshape(len(coefficients), 2, -1)).max(axis=(0, 1))
    possible = np.floor(np.log2(MAX_INTEGER / np.maximum(largest, 1e-12)))
    return np.asarray(np.clip(np.minimum(wanted, possible), 0, MAX_SHIFT))


def _round_taps(values: Array, gram: Array, total: int) -> Array:
    """Weights as integers with a given sum, those far from the cell first; shape (64, outputs)."""
    across = (np.arange(PATCH) - (PATCH - 1) / 2) ** 2
    order = np.argsort(-np.add.outer(across, across).ravel(), kind="stable")
    energy = np.trace(gram) / TAPS
    metric = gram + 1e-3 * energy * np.eye(TAPS) + SUM_PENALTY * energy
    rounded = np.empty_like(values)
    rounded[order] = _round(values[order], metric[np.ix_(order, order)])
    rounded[order[-1]] += total - rounded.sum(axis=0)
    return rounded


def _round(values: Array, metric: Array) -> Array:
    """Integers near the rows of values, whose error is small in a metric."""
    inverse = np.linalg.inv(metric + 1e-9 * np.trace(metric) / len(metric) * np.eye(len(metric)))
    factor = np.linalg.cholesky((inverse + inverse.T) / 2).T
    rest, rounded = values.copy(), np.empty_like(values)
    for number in range(len(values)):
        rounded[number] = np.rint(rest[number])
        error = (rest[number] - rounded[number]) / factor[number, number]
        rest[number + 1 :] -= np.outer(factor[number, number + 1 :], error)
    return rounded
