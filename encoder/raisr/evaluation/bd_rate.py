"""Bjontegaard delta rates: bytes for the same quality, as a share of what another codec takes.

As the package `bjontegaard` computes them, with PCHIP interpolation of the logarithm of the rate,
as the common test conditions of video codecs do (JVET-T2010).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import mean

from raisr.evaluation.comparison import BASELINES, METRICS, Comparison, Point


def bd_rate(points: Iterable[Point], baseline: Iterable[Point], metric: str) -> float:
    """Bytes for the same quality, in percent more (negative: fewer) than the baseline takes.

    Parameters
    ----------
    points, baseline : iterable of Point
    metric : str
        One of `METRICS`.

    Returns
    -------
    float
        NaN where the curves share no quality.
    """
    import bjontegaard

    rates, levels = zip(*(_front(curve, metric) for curve in (baseline, points)), strict=True)
    if min(map(len, levels)) < 2 or max(low[0] for low in levels) >= min(top[-1] for top in levels):
        return math.nan
    curves = rates[0], levels[0], rates[1], levels[1]
    return float(
        bjontegaard.bd_rate(*curves, "pchip", require_matching_points=False, min_overlap=0)
    )


def mean_bd_rate(
    comparisons: Sequence[Comparison], method: str, baseline: str, metric: str
) -> float:
    """Mean of `bd_rate` over the photographs that have one; NaN where none has."""
    rates = [bd_rate(each.curve(method), each.curve(baseline), metric) for each in comparisons]
    known = [rate for rate in rates if not math.isnan(rate)]
    return mean(known) if known else math.nan


def bd_rate_rows(comparisons: Sequence[Comparison]) -> list[tuple[str, str, list[float]]]:
    """Methods of raisr, their baselines, and `mean_bd_rate` by each metric."""
    return [
        (
            method,
            baseline,
            [mean_bd_rate(comparisons, method, baseline, metric) for metric in METRICS],
        )
        for method, baselines in BASELINES.items()
        for baseline in baselines
    ]


def _front(points: Iterable[Point], metric: str) -> tuple[list[float], list[float]]:
    """Rates and levels of the points that no smaller file reaches, both rising."""
    rates: list[float] = []
    levels: list[float] = []
    for point in sorted(points, key=lambda point: point.rate):
        level = getattr(point, metric)
        if math.isfinite(level) and (not levels or level > levels[-1]):
            rates.append(point.rate)
            levels.append(level)
    return rates, levels
