import threading
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest

from raisr.codecs import base_codec
from raisr.search import variant as encoded
from raisr.search.variant import BaseImages, ReferenceImage, Trial, Variant
from raisr_decoder.bank import Bank
from raisr_decoder.filters import Filters
from raisr_decoder.metadata import parse
from support import random_bank


def variant_of(base: str, bank: Bank | None) -> Variant:
    photo = np.random.default_rng(1).integers(0, 256, (64, 96, 3), np.uint8)
    return Variant(BaseImages(ReferenceImage(photo), base_codec(base), Fraction(1)), bank)


@pytest.fixture
def variant() -> Variant:
    return variant_of("jpeg", None)


def test_trials_are_measured_at_the_same_time(
    variant: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting = threading.Barrier(2, timeout=60)

    def score_when_both_are_here(picture: np.ndarray, reference: np.ndarray) -> float:
        meeting.wait()
        return float(picture.shape == reference.shape)

    monkeypatch.setattr(encoded, "ssimulacra2", score_when_both_are_here)
    trials = [variant.trial(quality) for quality in (20, 80)]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda trial: trial.score, trials)) == [1.0, 1.0]


def test_a_trial_is_measured_once(variant: Variant, monkeypatch: pytest.MonkeyPatch) -> None:
    trial = variant.trial(50)
    measured = trial.psnr, trial.score
    monkeypatch.setattr(Trial, "_decoded", lambda _: pytest.fail("measured again"))
    assert (trial.psnr, trial.score) == measured


def test_a_file_is_written_once_for_all_who_want_it(
    variant: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    encode = variant.images._encode

    def count(rgb: np.ndarray, quality: int) -> bytes:
        written.append(quality)
        return encode(rgb, quality)

    monkeypatch.setattr(variant.images, "_encode", count)
    with ThreadPoolExecutor(4) as pool:
        files = list(pool.map(variant.images.file, [30] * 8))
    assert written == [30]
    assert set(files) == {variant.images.file(30)}


@pytest.mark.parametrize(
    ("base", "quality", "stated"),
    [("jpeg", 30, 30), ("avif", 29.7, 30), ("avif", 30.4, 30), ("png", 100, 100)],
)
@pytest.mark.parametrize("filtered", [False, True])
def test_metadata_states_the_quality_that_the_filters_are_for(
    base: str, quality: float, stated: int, filtered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    filters = Bank.filters

    def note(bank: Bank, quality: int) -> Filters:
        asked.append(quality)
        return filters(bank, quality)

    monkeypatch.setattr(Bank, "filters", note)
    bank = random_bank(1, 2, base=base) if filtered else None
    made = variant_of(base, bank).trial(quality).encoded()
    assert made.quality == quality
    assert parse(made.payload).quality == stated
    # Not once for each measurement.
    assert asked == ([stated] if filtered else [])
