from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from raisr.encoded import Encoded
from raisr.evaluation.bd_rate import bd_rate, bd_rate_rows, mean_bd_rate
from raisr.evaluation.comparison import (
    BASELINES,
    METRICS,
    Comparison,
    MeasuredFile,
    Point,
    methods,
)

CURVE = [
    Point(rate, 24 + 8 * math.log2(1 + 6 * rate), 1 - 0.2 / (1 + rate), 90 - 20 / rate)
    for rate in (0.1, 0.2, 0.4, 0.8)
]


def cheaper(share: float) -> list[Point]:
    """The same quality for a share of the bytes."""
    return [replace(point, rate=share * point.rate) for point in CURVE]


def compared(**curves: list[Point]) -> Comparison:
    """A photograph whose methods all reach the same curve but for those that are named."""
    encoded = Encoded("jpeg", Fraction(1), 50, None, b"", 0.0, 0.0)
    files = {
        method: {point.rate: MeasuredFile(encoded, point) for point in curves.get(method, CURVE)}
        for method in methods()
    }
    return Comparison(Path("photo.png"), files)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("share", [0.5, 0.9, 1.25])
def test_the_bd_rate_is_the_share_of_bytes(metric: str, share: float) -> None:
    assert bd_rate(cheaper(share), CURVE, metric) == pytest.approx(100 * (share - 1))


def test_the_order_of_points_does_not_matter() -> None:
    assert bd_rate(cheaper(0.8)[::-1], CURVE, "psnr") == pytest.approx(-20)


def test_files_that_a_smaller_one_equals_do_not_count() -> None:
    wasteful = replace(CURVE[1], rate=CURVE[1].rate * 1.5)
    lossless = Point(2.0, math.inf, 1.0, 100.0)
    assert bd_rate([*cheaper(0.8), wasteful, lossless], CURVE, "psnr") == pytest.approx(-20)


def test_there_is_no_bd_rate_where_curves_share_no_quality() -> None:
    better = [replace(point, psnr=point.psnr + 100) for point in CURVE]
    assert math.isnan(bd_rate(better, CURVE, "psnr"))
    assert math.isnan(bd_rate(CURVE[:1], CURVE, "psnr"))
    assert math.isnan(bd_rate([], CURVE, "psnr"))


def test_the_mean_leaves_out_photographs_that_have_no_bd_rate() -> None:
    good, poor = compared(WebP=cheaper(2.0)), compared(WebP=CURVE[:1])
    assert mean_bd_rate([good, poor], "raisr webp", "WebP", "psnr") == pytest.approx(-50)
    assert math.isnan(mean_bd_rate([poor], "raisr webp", "WebP", "psnr"))


def test_each_method_has_a_row_for_each_of_its_baselines() -> None:
    rows = bd_rate_rows([compared()])
    assert [(method, baseline) for method, baseline, _ in rows] == [
        (method, baseline) for method, baselines in BASELINES.items() for baseline in baselines
    ]
    assert all(values == pytest.approx([0] * len(METRICS)) for *_, values in rows)
