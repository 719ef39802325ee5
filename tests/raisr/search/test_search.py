"""What is found is what was asked for, and nothing plain beats it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from raisr.decoding import decode
from raisr.encoded import Encoded
from raisr.errors import BankMissing, ScoreUnreachable, SettingsInvalid, TargetUnreachable
from raisr.evaluation.metrics import ssimulacra2
from raisr.images.reading import read_photo
from raisr.search.search import POINTS_PER_DECIBEL, plain, plain_reaching, plain_within, search
from raisr.search.settings import AUTO_BASES, Settings
from raisr_decoder.metadata import parse
from support import SAMPLES

pytestmark = pytest.mark.slow

BASES = ("jpeg", "webp", "avif")
MEDIUM = 1500
SIZES = (800, MEDIUM, 5000)
TWO = Fraction(2)


def objective(found: Encoded) -> float:
    return found.score + POINTS_PER_DECIBEL * found.psnr


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return read_photo(SAMPLES / "mountain-meadow.jpg")[300:420, 200:380]


@pytest.fixture(scope="module")
def within(photo: np.ndarray) -> Callable[[str, int], Encoded]:
    """What is found within so many bytes; several tests look at each."""
    return cache(lambda base, size: search(photo, Settings(base, target_size=size)))


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("size", SIZES)
def test_nothing_plain_of_the_same_bytes_is_better(
    photo: np.ndarray, within: Callable[[str, int], Encoded], base: str, size: int
) -> None:
    found = within(base, size)
    assert len(found.payload) <= size
    try:
        baseline = plain_within(photo, base, size)
    except TargetUnreachable:
        return
    assert found.score >= baseline.score


@pytest.mark.parametrize("size", SIZES)
def test_a_size_is_filled(within: Callable[[str, int], Encoded], size: int) -> None:
    assert 0.985 * size <= len(within("avif", size).payload) <= size


def test_the_candidate_is_what_viewers_see(
    photo: np.ndarray, within: Callable[[str, int], Encoded]
) -> None:
    found = within("webp", MEDIUM)
    assert found.base == "webp"
    assert parse(found.payload).bank == found.bank
    assert ssimulacra2(decode(found.payload), photo) == pytest.approx(found.score)


def test_fewer_bytes_ask_for_more_reduction(within: Callable[[str, int], Encoded]) -> None:
    assert within("jpeg", SIZES[0]).scale > within("jpeg", SIZES[-1]).scale


@pytest.mark.parametrize("base", BASES)
def test_a_target_score_is_reached_in_few_bytes(photo: np.ndarray, base: str) -> None:
    found = search(photo, Settings(base, target_score=60))
    assert found.score >= 60
    assert search(photo, Settings(base, target_size=len(found.payload) * 9 // 10)).score < 60


def test_auto_takes_the_best_of_what_browsers_decode(
    within: Callable[[str, int], Encoded],
) -> None:
    found = within("auto", MEDIUM)
    baselines = [within(base, MEDIUM) for base in AUTO_BASES]
    assert objective(found) == pytest.approx(max(map(objective, baselines)), abs=0.5)


def test_more_effort_is_no_worse(photo: np.ndarray) -> None:
    found = [search(photo, Settings("jpeg", target_size=MEDIUM, effort=n)) for n in (1, 3)]
    assert objective(found[0]) <= objective(found[1])


def test_a_quality_is_taken_literally(photo: np.ndarray) -> None:
    found = search(photo, Settings("jpeg", quality=40))
    assert found.quality == 40
    equal = plain(photo, "jpeg", 40)
    assert len(found.payload) <= len(equal.payload)
    # Plain JPEG needs more bytes for the same score.
    assert plain_within(photo, "jpeg", len(found.payload)).score < found.score


def test_a_plain_codec_reaches_a_score_in_few_bytes(photo: np.ndarray) -> None:
    found = plain_reaching(photo, "jpeg", 60)
    assert found.score >= 60
    assert plain(photo, "jpeg", found.quality - 2).score < 60
    with pytest.raises(ScoreUnreachable):
        plain_reaching(photo, "jpeg", 99.9)


def test_a_scale_is_taken_literally(photo: np.ndarray) -> None:
    found = search(photo, Settings("jpeg", TWO, target_score=30))
    assert found.scale == TWO
    assert found.bank
    assert search(photo, Settings("jpeg", Fraction(1), target_score=30)).scale == 1


def test_of_png_only_the_scale_is_free(photo: np.ndarray) -> None:
    exact = search(photo, Settings("png", target_score=100))
    assert (exact.scale, exact.bank) == (1, None)
    assert (decode(exact.payload) == photo).all()
    less = search(photo, Settings("png", target_score=60))
    assert less.score >= 60
    assert len(less.payload) < len(exact.payload)
    fitting = search(photo, Settings("png", target_size=len(exact.payload) // 2))
    assert len(fitting.payload) <= len(exact.payload) // 2


def test_what_cannot_be_reached_says_what_can(photo: np.ndarray) -> None:
    with pytest.raises(ScoreUnreachable) as score:
        search(photo, Settings("jpeg", TWO, target_score=99))
    assert 50 < score.value.best < 99
    with pytest.raises(TargetUnreachable) as size:
        search(photo, Settings(target_size=50))
    assert len(search(photo, Settings(target_size=size.value.smallest)).payload) >= 50


def test_settings_that_contradict_are_refused(photo: np.ndarray) -> None:
    with pytest.raises(SettingsInvalid, match="exclude each other"):
        Settings(quality=30, target_size=1000)
    with pytest.raises(SettingsInvalid, match="lossless"):
        Settings("png", quality=30)
    with pytest.raises(BankMissing):
        search(photo, Settings("webp", Fraction(4)))


@pytest.mark.parametrize("shape", [(1, 1, 3), (7, 5, 3), (9, 40, 4)])
def test_the_smallest_pictures_are_encoded(photo: np.ndarray, shape: tuple[int, int, int]) -> None:
    rows, columns, channels = shape
    alpha = np.full((rows, columns, channels - 3), 100, np.uint8)
    picture = np.concatenate([photo[:rows, :columns], alpha], axis=2)
    for settings in (Settings(), Settings(target_size=1500), Settings(quality=50)):
        assert decode(search(picture, settings).payload).shape == shape
