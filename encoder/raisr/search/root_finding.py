"""Where a rising margin turns from failing to passing, in few steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

Quality = TypeVar("Quality", bound=float)

PATIENCE = 5
"""Steps after which nothing but halving is tried."""


def first_passing(
    qualities: Sequence[Quality],
    margin: Callable[[Quality], float],
    start: float | None = None,
    slack: float = 0.0,
    rise: float | None = None,
) -> Quality | None:
    """The first of `qualities` whose margin is not negative; None if there is none.

    Margins rise along the qualities, nearly straight, and each is costly to find: a secant tells
    where to look next.

    Parameters
    ----------
    qualities : sequence of float
    margin : callable
    start : float, optional
        The quality to look at first, likely near the one sought; by default one in the middle.
    slack : float, optional
        A margin of 0..slack is good enough to stop at.
    rise : float, optional
        About what margins differ by from one quality to the next: tells where to look second.
    """
    failed, passed = -1, len(qualities)
    place = passed // 2 if start is None else qualities.index(start)
    stride = passed // 4 if start is None else 3
    known: dict[int, float] = {}
    while passed - failed > 1:
        known[place] = margin(qualities[place])
        if 0 <= known[place] <= slack:
            return qualities[place]
        if known[place] < 0:
            failed = place
        else:
            passed = place
        if len(known) < PATIENCE:
            # The middle of what is good enough is the likeliest to be that.
            above = {tried: margin - slack / 2 for tried, margin in known.items()}
            aim = _aim(above, stride, rise)
        else:
            aim = (failed + passed) / 2
        place = min(max(round(aim), failed + 1), passed - 1)
    return qualities[passed] if passed < len(qualities) else None


def _aim(heights: dict[int, float], stride: int, rise: float | None) -> float:
    """Where the height is zero, as far as the two places tell that came closest."""
    (one, height), *others = sorted(heights.items(), key=lambda item: abs(item[1]))
    if others:
        seen = (height - others[0][1]) / (one - others[0][0])
        # Neighbours may differ by next to nothing, or by leaps.
        seen = seen if rise is None else min(max(seen, rise / 2), rise * 3)
        rise = seen if seen > 0 else None
    return one + math.copysign(stride, -height) if rise is None else one - height / rise
