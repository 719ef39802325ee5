import threading
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest

from raisr_encoder import candidate
from raisr_encoder.base_codec import base_codec
from raisr_encoder.candidate import BasePictures, Original, Trial, Way


@pytest.fixture
def way() -> Way:
    photo = np.random.default_rng(1).integers(0, 256, (64, 96, 3), np.uint8)
    return Way(BasePictures(Original(photo), base_codec("jpeg"), Fraction(1)), None)


def test_trials_are_measured_at_the_same_time(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = threading.Barrier(2, timeout=60)

    def score_when_both_are_here(picture: np.ndarray, original: np.ndarray) -> float:
        meeting.wait()
        return float(picture.shape == original.shape)

    monkeypatch.setattr(candidate, "ssimulacra2", score_when_both_are_here)
    trials = [way.trial(quality) for quality in (20, 80)]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda trial: trial.score, trials)) == [1.0, 1.0]


def test_a_trial_is_measured_once(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    trial = way.trial(50)
    measured = trial.psnr, trial.score
    monkeypatch.setattr(Trial, "_shown", lambda _: pytest.fail("measured again"))
    assert (trial.psnr, trial.score) == measured


def test_a_file_is_written_once_for_all_who_want_it(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    encode = way.pictures._encode

    def count(rgb: np.ndarray, quality: int) -> bytes:
        written.append(quality)
        return encode(rgb, quality)

    monkeypatch.setattr(way.pictures, "_encode", count)
    with ThreadPoolExecutor(4) as pool:
        files = list(pool.map(way.pictures.file, [30] * 8))
    assert written == [30]
    assert set(files) == {way.pictures.file(30)}
