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
    METRICS,
    SMALLEST,
    Comparison,
    Point,
    arrived,
    bd_rate,
    check_photo,
    compare,
    delta_rows,
    look,
    mean_curve,
    mean_delta,
    methods,
    plain_codecs,
)
from raisr.images.reading import read_photo
from raisr.images.writing import save_png
from raisr_decoder.metadata import parse
from support import SAMPLES

CURVE = [
    Point(rate, 24 + 8 * math.log2(1 + 6 * rate), 1 - 0.2 / (1 + rate), 90 - 20 / rate)
    for rate in (0.1, 0.2, 0.4, 0.8)
]


def cheaper(share: float) -> list[Point]:
    """The same quality for a share of the bytes."""
    return [replace(point, rate=share * point.rate) for point in CURVE]


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "dog.png"
    path.write_bytes(save_png(read_photo(SAMPLES / "two-dogs.jpg")[340:436, 280:408]))
    return path


@pytest.fixture(scope="module")
def comparison(photo: Path) -> Comparison:
    (comparison,) = compare([photo], BankStore(), 2, lambda *_: None, rates=(0.1, 0.6, 1.2))
    return comparison


# --- files ------------------------------------------------------------------------------------


def test_every_method_keeps_within_the_bytes(comparison: Comparison) -> None:
    assert list(comparison.coded) == methods()
    for files in comparison.coded.values():
        assert 1.2 in files
        for rate, coded in files.items():
            assert coded.point.rate == 8 * len(coded.file) / (96 * 128)
            assert coded.point.rate <= rate


def test_what_is_measured_is_what_viewers_see(comparison: Comparison, photo: Path) -> None:
    for method, files in comparison.coded.items():
        coded = files[1.2]
        seen = arrived(coded, method, BankStore())
        assert coded.point == look(seen, read_photo(photo), len(coded.file))


def test_plain_files_carry_no_record_and_payloads_do(comparison: Comparison) -> None:
    for method in BASELINES:
        payload = comparison.coded[method][1.2]
        assert parse(payload.file).shape == (96, 128)
        assert payload.base in (method.removeprefix("raisr "), "jpeg", "webp", "avif")
    for method in plain_codecs():
        assert b"RAISR" not in comparison.coded[method][1.2].file


def test_a_rate_that_a_codec_cannot_reach_is_missing(comparison: Comparison) -> None:
    assert 0.1 not in comparison.coded["JPEG"]


def test_an_equal_picture_is_perfect(photo: Path) -> None:
    pixels = read_photo(photo)
    assert look(pixels, pixels, 1536) == Point(1.0, math.inf, 1.0, 100.0)


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    tiny, broken = tmp_path / "tiny.png", tmp_path / "broken.png"
    tiny.write_bytes(save_png(np.zeros((SMALLEST, SMALLEST - 1, 3), np.uint8)))
    broken.write_bytes(b"no picture")
    with pytest.raises(TooSmallToCompare) as caught:
        check_photo(tiny)
    assert (caught.value.shape, caught.value.smallest) == ((SMALLEST, SMALLEST - 1), SMALLEST)
    with pytest.raises(ImageUnreadable):
        check_photo(broken)


# --- deltas -----------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("share", [0.5, 0.9, 1.25])
def test_the_delta_is_the_share_of_bytes(metric: str, share: float) -> None:
    assert bd_rate(cheaper(share), CURVE, metric) == pytest.approx(100 * (share - 1))


def test_the_order_of_points_does_not_matter() -> None:
    assert bd_rate(cheaper(0.8)[::-1], CURVE, "psnr") == pytest.approx(-20)


def test_files_that_a_smaller_one_equals_do_not_count() -> None:
    wasteful = replace(CURVE[1], rate=CURVE[1].rate * 1.5)
    lossless = Point(2.0, math.inf, 1.0, 100.0)
    assert bd_rate([*cheaper(0.8), wasteful, lossless], CURVE, "psnr") == pytest.approx(-20)


def test_there_is_no_delta_where_curves_share_no_quality() -> None:
    better = [replace(point, psnr=point.psnr + 100) for point in CURVE]
    assert math.isnan(bd_rate(better, CURVE, "psnr"))
    assert math.isnan(bd_rate(CURVE[:1], CURVE, "psnr"))
    assert math.isnan(bd_rate([], CURVE, "psnr"))


def test_means_leave_out_what_is_missing(comparison: Comparison, photo: Path) -> None:
    name = "WebP"
    files = comparison.coded[name]
    poorer = {
        rate: replace(coded, point=replace(coded.point, psnr=coded.point.psnr - 2))
        for rate, coded in files.items()
        if rate == 1.2
    }
    both = [comparison, Comparison(photo, comparison.coded | {name: poorer})]
    (point,) = mean_curve(both, name)
    assert point.psnr == pytest.approx(files[1.2].point.psnr - 1)
    assert point.score == pytest.approx(files[1.2].point.score)
    alone = mean_delta([comparison], "raisr webp", name, "psnr")
    assert mean_delta(both, "raisr webp", name, "psnr") == pytest.approx(alone)


def test_each_method_meets_its_rivals(comparison: Comparison) -> None:
    rows = delta_rows([comparison])
    assert [(method, baseline) for method, baseline, _ in rows] == [
        (method, baseline) for method, baselines in BASELINES.items() for baseline in baselines
    ]
    assert all(len(values) == len(METRICS) for *_, values in rows)
