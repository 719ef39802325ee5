from __future__ import annotations

import numpy as np

from raisr.images.reading import read_photo
from raisr.training.least_squares import Sums, accumulate, canonical_samples
from raisr.training.low_rank import ONE, Moments, fit_mean
from raisr.training.rounding import round_mean
from raisr_decoder.cells import pad
from raisr_decoder.color import luma
from raisr_decoder.features import cell_features
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
