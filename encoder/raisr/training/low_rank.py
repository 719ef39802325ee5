"""Filters of all buckets and qualities as sums of a few basis filters.

The filter of a bucket at the coding noise n is ``mean + sum_k (a_k + b_k n / 64) basis_k``. Mean
and basis are common to all buckets; a and b are the bucket's *coefficients*. They minimise the
squared error over all cells, which is quadratic in mean and basis, and in the coefficients, so
that alternating least squares finds both from the sums of the normal equations.

All filters of an output sum to one, so that flat areas stay flat: within the fit they are the
average of the patch plus a vector of the 63 dimensions that are orthogonal to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from raisr.training.least_squares import TAPS, Sums
from raisr_decoder.filters import WEIGHT_BITS, weights_of_sums
from raisr_decoder.limits import MAX_GAIN, MAX_NOISE

Array = NDArray[Any]
"""Of float64, and of int64 for noise levels."""

NOISE_ROUNDS = 3
"""Fits of the noise levels; they hardly change after the second."""

ROUNDS = 8
"""Of alternating least squares; further ones gain less than 0.001 dB."""

DIRECTION_RIDGE = 300.0
"""As `fit_linear` takes it, where filters only show in what they differ."""

WEIGHT_POWER = 0.75
"""A level counts for this power of the inverse of its squared error."""

MIN_ERROR = 0.1
"""Squared pixel value below which a level does not count for more."""

BASIS_RIDGE = 30.0
"""Squared pixel values that are added to the energy of each tap when the basis is fitted."""

COEFFICIENT_RIDGE = 1e-3
"""Share of the basis filters' mean energy that pulls coefficients to zero."""

SAMPLED_NOISE = (-0.7, 0.0, 0.7)
"""Shares of the greatest noise at which filters are compared to order the basis."""

ONE = 1 << WEIGHT_BITS
"""A weight of one, as banks hold it."""


@dataclass(frozen=True)
class Moments:
    """Normal equations of each bucket, weighted by powers of the noise level (in units of 64).

    Attributes
    ----------
    gram : ndarray of shape (3, buckets, taps, taps)
        Times the noise to the powers 0, 1 and 2.
    cross : ndarray of shape (2, buckets, taps, q * q)
        Times the noise to the powers 0 and 1.
    cells : float
        Of all buckets, weighted.
    """

    gram: Array
    cross: Array
    cells: float

    @classmethod
    def of(cls, levels: Sequence[Sums], noise: Array, weights: Array) -> Moments:
        """Moments of the sums at some noise levels, each of -64..64, and with a weight."""
        shares = noise / MAX_NOISE
        gram, cross = (
            np.stack(
                [
                    np.tensordot(weights * shares**power, np.stack(sums), 1)
                    for power in range(powers)
                ]
            )
            for sums, powers in (
                ([each.gram for each in levels], 3),
                ([each.cross for each in levels], 2),
            )
        )
        cells = float(sum(weights * [each.cells.sum() for each in levels]))
        return cls(gram, cross, cells)

    def beyond(self, mean: Array) -> Moments:
        """What is left to explain beyond a mean filter, shape (64, q * q)."""
        return replace(self, cross=self.cross - self.gram[:2] @ mean)

    def projected(self) -> Moments:
        """In the 63 directions in which filters may differ."""
        gram = contrasts().T @ self.gram @ contrasts()
        return Moments(gram, contrasts().T @ self.cross, self.cells)


@dataclass(frozen=True)
class LinearFilters:
    """Filters that are linear in the noise, of any rank.

    Attributes
    ----------
    mean : ndarray of shape (64, q * q)
    constant, slope : ndarray of shape (buckets, 64, q * q)
    """

    mean: Array
    constant: Array
    slope: Array

    def at(self, noise: float) -> Array:
        """Filters of all buckets at a noise of -64..64, shape (buckets, 64, q * q)."""
        return self.mean + self.constant + noise / MAX_NOISE * self.slope

    def weights(self, noise: int) -> NDArray[np.int32]:
        """The same as integers, as `FilterStage` takes them."""
        filters = self.at(noise)
        mean = np.rint(self.mean * ONE).astype(np.int16)
        return weights_of_sums((filters * ONE).cumsum(axis=1), mean)


@dataclass(frozen=True)
class LowRankFilters:
    """Filters that are sums of basis filters.

    Attributes
    ----------
    mean : ndarray of shape (64, q * q)
    basis : ndarray of shape (rank, 64, q * q)
    coefficients : ndarray of shape (buckets, 2, rank)
        Constants, then slopes.
    """

    mean: Array
    basis: Array
    coefficients: Array

    def linear(self) -> LinearFilters:
        """The same filters written out."""
        constant, slope = (
            np.tensordot(self.coefficients[:, part], self.basis, 1) for part in range(2)
        )
        return LinearFilters(self.mean, constant, slope)


def fit_noise(levels: Sequence[Sums], ridge: float) -> NDArray[np.int64]:
    """Noise levels in which the filters are as linear as possible.

    Parameters
    ----------
    levels : sequence of Sums
        Of each quality level, from the lowest quality to the highest.
    ridge : float
        As `fit_linear` takes it.

    Returns
    -------
    ndarray of shape (levels,), int64
        Falling from 64 to -64; 0 for a single level.
    """
    if len(levels) == 1:
        return np.zeros(1, np.int64)
    noise: Array = np.linspace(MAX_NOISE, -MAX_NOISE, len(levels))
    weights: Array = np.ones(len(levels))
    for _ in range(NOISE_ROUNDS):
        filters = fit_linear(Moments.of(levels, noise, weights), ridge)
        weights = _weights(_errors(levels, noise, filters))
        falling = np.minimum.accumulate([_likely_noise(sums, filters) for sums in levels])
        span = max(falling[0] - falling[-1], np.finfo(float).tiny)
        noise = MAX_NOISE * (2 * (falling - falling[-1]) / span - 1)
    return np.rint(noise).astype(np.int64)


def weigh(levels: Sequence[Sums], noise: NDArray[np.int64], ridge: float) -> tuple[Moments, float]:
    """Moments in which each level counts for more the smaller its error, and the smallest error.

    A mean PSNR would be best with the inverse of the squared error as the weight; a power of it
    leaves more to low qualities.
    """
    filters = fit_linear(Moments.of(levels, noise, np.ones(len(levels))), ridge)
    errors = _errors(levels, noise, filters)
    weights = _weights(errors)
    return Moments.of(levels, noise, weights), float(errors.min())


def _errors(levels: Sequence[Sums], noise: Array, filters: LinearFilters) -> Array:
    """Squared error of each level."""
    errors = [sums.error(filters.at(at)) for sums, at in zip(levels, noise, strict=True)]
    return np.maximum(errors, MIN_ERROR)


def _weights(errors: Array) -> Array:
    """Weight of each level, with a mean of 1."""
    inverse = errors**-WEIGHT_POWER
    return np.asarray(inverse / inverse.mean())


def _likely_noise(sums: Sums, filters: LinearFilters) -> float:
    """The noise at which filters fit the cells of a level best, in units of 64."""
    left = sums.cross - sums.gram @ (filters.mean + filters.constant)
    fit, energy = (filters.slope * left).sum(), (filters.slope * (sums.gram @ filters.slope)).sum()
    return float(fit / energy) if energy else 0.0


def fit_linear(moments: Moments, ridge: float) -> LinearFilters:
    """Filters of full rank for each bucket.

    Parameters
    ----------
    moments : Moments
    ridge : float
        Pull towards the mean filter: squared pixel values that are added to each tap's energy.
    """
    mean = fit_mean(moments)
    left = moments.beyond(mean).projected()
    eye = ridge * np.eye(TAPS - 1)
    gram = np.block([[left.gram[0] + eye, left.gram[1]], [left.gram[1], left.gram[2] + eye]])
    solution = np.linalg.solve(gram, np.concatenate([left.cross[0], left.cross[1]], axis=1))
    constant, slope = np.split(solution, 2, axis=1)
    return LinearFilters(mean, contrasts() @ constant, contrasts() @ slope)


def fit_mean(moments: Moments) -> Array:
    """The filter that is best for all cells, within the gain of banks: shape (64, q * q)."""
    directions = contrasts()
    gram, cross = moments.gram[0].sum(axis=0), moments.cross[0].sum(axis=0)
    average = np.full((TAPS, cross.shape[1]), 1 / TAPS)
    left = directions.T @ (cross - gram @ average)
    inner = directions.T @ gram @ directions
    ridge = 1.0
    while True:
        change = directions @ np.linalg.solve(inner + ridge * np.eye(TAPS - 1), left)
        if np.abs(average + change).sum(axis=0).max() < MAX_GAIN - 1:
            return np.asarray(average + change)
        # Few cells fit filters of opposite weights that cancel out.
        ridge *= 10


def fit_low_rank(moments: Moments, mean: Array, start: LinearFilters, rank: int) -> LowRankFilters:
    """Fit basis and coefficients by alternating least squares.

    Parameters
    ----------
    moments : Moments
    mean : ndarray of shape (64, q * q)
    start : LinearFilters
        Filters of full rank, whose principal components the basis starts from.
    rank : int
        Number of basis filters; there may be fewer if the filters have no more components.
    """
    left = moments.beyond(mean).projected()
    inner = LowRankFilters(
        mean, _principal_basis(left, start, rank), np.zeros((left.gram.shape[1], 2, rank))
    )
    for number in range(ROUNDS):
        if number:
            inner = replace(inner, basis=_fit_basis(left, inner.coefficients))
        inner = replace(inner, coefficients=_fit_coefficients(left, inner.basis))
    return _ordered(left, inner)


def differing_directions(sums: Sums, dimensions: int) -> tuple[Array, Array, Array]:
    """The directions of patches and of errors in which the filters of buckets differ most.

    Parameters
    ----------
    sums : Sums
    dimensions : int
        At most so many of each.

    Returns
    -------
    mean : ndarray of shape (64, q * q)
        The mean filter.
    patches : ndarray of shape (64, dimensions)
        Directions of patches, in each of which they have unit variance.
    errors : ndarray of shape (q * q, dimensions)
        Directions of the mean filter's errors, orthonormal.
    """
    moments = Moments.of([sums], np.zeros(1), np.ones(1))
    filters = fit_linear(moments, DIRECTION_RIDGE)
    left = moments.beyond(filters.mean).projected()
    root, inverse = _metric(left)
    weighted = root @ (contrasts().T @ filters.constant) * _share(left)[:, None, None]
    inner, outer = weighted.shape[1:]
    patches = np.linalg.svd(weighted.transpose(1, 0, 2).reshape(inner, -1))[0]
    errors = np.linalg.svd(weighted.transpose(2, 0, 1).reshape(outer, -1))[0]
    per_cell = np.sqrt(len(left.gram[0]) / max(left.cells, 1))
    scaled = contrasts() @ (inverse @ patches[:, :dimensions]) / per_cell
    return filters.mean, scaled, errors[:, :dimensions]


def _principal_basis(left: Moments, filters: LinearFilters, rank: int) -> Array:
    """Principal components of filters in the metric of the patches, shape (rank, 63, q * q)."""
    root, inverse = _metric(left)
    samples = np.concatenate([filters.constant + share * filters.slope for share in SAMPLED_NOISE])
    weighted = (
        root @ (contrasts().T @ samples) * np.tile(_share(left), len(SAMPLED_NOISE))[:, None, None]
    )
    components = np.linalg.svd(weighted.reshape(len(weighted), -1), full_matrices=False)[2]
    return np.asarray(inverse @ components[:rank].reshape(-1, *weighted.shape[1:]))


def _metric(left: Moments) -> tuple[Array, Array]:
    """Square root of the patches' mean covariance, and its inverse."""
    gram = left.gram[0].sum(axis=0) / max(len(left.gram[0]), 1)
    values, vectors = np.linalg.eigh(gram)
    values = np.maximum(values, 1e-8 * max(values[-1], 1.0))
    return vectors * np.sqrt(values) @ vectors.T, vectors / np.sqrt(values) @ vectors.T


def _share(left: Moments) -> Array:
    """Weight of each bucket by the energy of its patches, within a factor of five."""
    energy = np.sqrt(np.trace(left.gram[0], axis1=1, axis2=2))
    return np.asarray(np.clip(energy / max(energy.mean(), 1.0), 0.2, 5.0))


def _fit_coefficients(left: Moments, basis: Array) -> Array:
    """Best coefficients of each bucket, shape (buckets, 2, rank)."""
    gram, cross = normal_equations(left, basis)
    return np.linalg.solve(gram, cross[..., None])[..., 0].reshape(len(gram), 2, -1)


def normal_equations(left: Moments, basis: Array) -> tuple[Array, Array]:
    """Those of the coefficients of each bucket, constants before slopes.

    Parameters
    ----------
    left : Moments
        Beyond the mean filter.
    basis : ndarray of shape (K, taps, q * q)

    Returns
    -------
    gram : ndarray of shape (buckets, 2 * K, 2 * K)
    cross : ndarray of shape (buckets, 2 * K)
    """
    rank, taps, outputs = basis.shape
    flat = basis.reshape(rank, -1)
    beside = basis.transpose(1, 0, 2).reshape(taps, -1)
    products = np.empty((3, left.gram.shape[1], rank, rank))
    for power, grams in enumerate(left.gram):
        for bucket, gram in enumerate(grams):
            seen = (gram @ beside).reshape(taps, rank, outputs).transpose(1, 0, 2)
            products[power, bucket] = flat @ seen.reshape(rank, -1).T
    gram = np.block([[products[0], products[1]], [products[1], products[2]]])
    energy = np.trace(products[0], axis1=1, axis2=2) / max(rank, 1)
    gram += (COEFFICIENT_RIDGE * energy + 1e-6)[:, None, None] * np.eye(2 * rank)
    cross = left.cross.reshape(2, gram.shape[0], -1) @ flat.T
    return gram, np.concatenate([cross[0], cross[1]], axis=1)


def _fit_basis(left: Moments, coefficients: Array) -> Array:
    """Best basis for given coefficients, shape (rank, 63, q * q)."""
    buckets, _, rank = coefficients.shape
    constant, slope = coefficients[:, 0], coefficients[:, 1]
    mixed = constant[:, :, None] * slope[:, None]
    pairs = (
        constant[:, :, None] * constant[:, None],
        mixed + mixed.swapaxes(1, 2),
        slope[:, :, None] * slope[:, None],
    )
    inner = left.gram.shape[-1]
    gram = sum(
        each.reshape(buckets, -1).T @ of_power.reshape(buckets, -1)
        for each, of_power in zip(pairs, left.gram, strict=True)
    )
    gram = np.asarray(gram).reshape(rank, rank, inner, inner).swapaxes(1, 2)
    gram = gram.reshape(rank * inner, rank * inner)
    cross = np.tensordot(constant, left.cross[0], (0, 0)) + np.tensordot(
        slope, left.cross[1], (0, 0)
    )
    use = (constant**2 + slope**2 / 3).sum(axis=0)
    own = np.diag(gram).reshape(rank, inner).mean(axis=1)
    gram[np.diag_indices(rank * inner)] += (BASIS_RIDGE * use + 1e-6 * own + 1e-9).repeat(inner)
    return np.linalg.solve(gram, cross.reshape(rank * inner, -1)).reshape(rank, inner, -1)


def _ordered(left: Moments, inner: LowRankFilters) -> LowRankFilters:
    """Orthogonal basis filters, the strongest first, whose coefficients have unit variance."""
    root, inverse = _metric(left)
    constant, slope = inner.coefficients[:, 0], inner.coefficients[:, 1]
    share = _share(left)[:, None]
    used = np.concatenate([(constant + each * slope) * share for each in SAMPLED_NOISE])
    rank = used.shape[1]
    # The components of used @ basis from the small factors alone.
    factor = np.linalg.qr(used)[1]
    white = (root @ inner.basis).reshape(rank, -1)
    _, values, directions = np.linalg.svd(factor @ white, full_matrices=False)
    scale = np.maximum(values, 1e-9) / np.sqrt(len(used))
    basis = scale[:, None] * directions
    change = white @ np.linalg.pinv(basis)
    return LowRankFilters(
        inner.mean,
        contrasts() @ (inverse @ basis.reshape(inner.basis.shape)),
        inner.coefficients @ change,
    )


@cache
def contrasts() -> Array:
    """The directions in which the weights of an output may differ, orthonormal: shape (64, 63)."""
    return np.asarray(np.linalg.svd(np.ones((TAPS, 1)))[0][:, 1:])
