from __future__ import annotations

import numpy as np

from raisr.images.reading import read_photo
from raisr.training.least_squares import Sums, accumulate, canonical_samples
from raisr.training.low_rank import ONE, Moments, fit_mean
from raisr.training.rounding import round_mean
from raisr_decoder.cells import pad
from raisr_decoder.color import luma
from raisr_decoder.features import cell_features
from raisr_decoder.limits import MAX_GAIN
from support import SAMPLES


def sums_of_a_photograph() -> Sums:
    """Of a photograph that is to be restored from every second pixel."""
    photo = luma(read_photo(SAMPLES / "two-dogs.jpg")[300:700, 300:700])
    plane = photo[::2, ::2]
    orientation = cell_features(pad(plane))[1]
    samples = canonical_samples(plane, photo, orientation, 4)
    return accumulate(samples, np.zeros(len(samples), np.int32), 1)


def test_rounded_weights_sum_to_one_and_cost_less_than_nearest_ones() -> None:
    sums = sums_of_a_photograph()
    moments = Moments.of([sums], np.zeros(1), np.ones(1))
    exact, rounded = fit_mean(moments), round_mean(moments)
    assert (rounded.sum(axis=0) == ONE).all()
    assert np.abs(rounded / ONE - exact).max() < 4 / ONE
    costs = [
        sums.error(weights[None] / ONE) - sums.error(exact[None])
        for weights in (rounded, np.rint(exact * ONE))
    ]
    assert 0 <= costs[0] < costs[1] / 2


def test_few_cells_give_a_mean_filter_within_the_gain_that_banks_allow() -> None:
    rng = np.random.default_rng(0)
    slope = np.linspace(60, 200, 12)
    plane = (np.add.outer(slope, slope) / 2 + rng.integers(0, 2, (12, 12))).astype(np.uint8)
    # Noise, which exact least squares fit with a gain of 900.
    target = rng.integers(0, 256, (24, 24)).astype(np.uint8)
    orientation = cell_features(pad(plane))[1]
    samples = canonical_samples(plane, target, orientation, 4)
    sums = accumulate(samples, np.zeros(len(samples), np.int32), 1)
    mean = round_mean(Moments.of([sums], np.zeros(1), np.ones(1)))
    assert (mean.sum(axis=0) == ONE).all()
    assert np.abs(mean.astype(int)).sum(axis=0).max() <= MAX_GAIN * ONE
