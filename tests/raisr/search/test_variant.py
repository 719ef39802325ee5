import threading
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest

from raisr.codecs import base_codec
from raisr.search import variant as encoded
from raisr.search.variant import BaseImages, ReferenceImage, Trial, Variant


@pytest.fixture
def variant() -> Variant:
    photo = np.random.default_rng(1).integers(0, 256, (64, 96, 3), np.uint8)
    return Variant(BaseImages(ReferenceImage(photo), base_codec("jpeg"), Fraction(1)), None)


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
