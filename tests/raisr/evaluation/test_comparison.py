from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from raisr.bank_store import BankStore
from raisr.errors import ImageUnreadable, TooSmallToCompare
from raisr.evaluation.comparison import (
    BASELINES,
    SMALLEST,
    Comparison,
    Point,
    check_photo,
    compare,
    mean_curve,
    measure_image,
    methods,
    output_image,
    plain_codecs,
)
from raisr.images.reading import read_photo
from raisr.images.writing import save_png
from support import SAMPLES

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "dog.png"
    path.write_bytes(save_png(read_photo(SAMPLES / "two-dogs.jpg")[340:436, 280:408]))
    return path


@pytest.fixture(scope="module")
def comparison(photo: Path) -> Comparison:
    (comparison,) = compare([photo], BankStore(), 1, lambda *_: None, rates=(0.1, 1.2))
    return comparison


def test_every_method_keeps_within_the_bytes(comparison: Comparison) -> None:
    assert list(comparison.files) == methods()
    for files in comparison.files.values():
        assert 1.2 in files
        for rate, file in files.items():
            assert file.point.rate == 8 * len(file.encoded.payload) / (96 * 128)
            assert file.point.rate <= rate


def test_what_is_measured_is_what_viewers_see(comparison: Comparison, photo: Path) -> None:
    for files in comparison.files.values():
        file = files[1.2]
        image = output_image(file.encoded, BankStore())
        assert file.point == measure_image(image, read_photo(photo), len(file.encoded.payload))


def test_plain_files_carry_no_metadata_and_payloads_do(comparison: Comparison) -> None:
    for method in BASELINES:
        encoded = comparison.files[method][1.2].encoded
        assert encoded.metadata.shape == (96, 128)
        assert encoded.base in (method.removeprefix("raisr "), "jpeg", "webp", "avif")
    for method in plain_codecs():
        encoded = comparison.files[method][1.2].encoded
        assert b"RAISR" not in encoded.payload
        assert encoded.bank is None


def test_a_rate_that_a_codec_cannot_reach_is_missing(comparison: Comparison) -> None:
    assert 0.1 not in comparison.files["JPEG"]


def test_an_equal_image_is_perfect(photo: Path) -> None:
    pixels = read_photo(photo)
    assert measure_image(pixels, pixels, 1536) == Point(1.0, math.inf, 1.0, 100.0)


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    tiny, broken = tmp_path / "tiny.png", tmp_path / "broken.png"
    tiny.write_bytes(save_png(np.zeros((SMALLEST, SMALLEST - 1, 3), np.uint8)))
    broken.write_bytes(b"no picture")
    with pytest.raises(TooSmallToCompare) as caught:
        check_photo(tiny)
    assert (caught.value.shape, caught.value.smallest) == ((SMALLEST, SMALLEST - 1), SMALLEST)
    with pytest.raises(ImageUnreadable):
        check_photo(broken)


def test_the_mean_curve_has_the_rates_that_all_photographs_have(comparison: Comparison) -> None:
    files = comparison.files["WebP"]
    point = files[1.2].point
    poorer = replace(files[1.2], point=replace(point, psnr=point.psnr - 2))
    other = replace(comparison, files=comparison.files | {"WebP": {1.2: poorer}})
    (mean,) = mean_curve([comparison, other], "WebP")
    assert mean.psnr == pytest.approx(point.psnr - 1)
    assert mean.score == pytest.approx(point.score)
