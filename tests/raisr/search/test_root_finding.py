from __future__ import annotations

import math

import pytest

from raisr.search.root_finding import first_passing


@pytest.mark.parametrize("start", [None, 0, 50, 100])
@pytest.mark.parametrize("first", [0, 1, 37, 99, 100, 101])
@pytest.mark.parametrize("bend", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("rise", [None, 0.2, 5.0])
def test_the_first_that_passes_is_found_in_few_steps(
    first: int, start: int | None, bend: float, rise: float | None
) -> None:
    asked = []

    def margin(quality: int) -> float:
        asked.append(quality)
        distance = quality - first + 0.5
        return math.copysign(abs(distance) ** bend, distance)

    found = first_passing(range(101), margin, start, rise=rise)
    assert found == (first if first <= 100 else None)
    assert len(set(asked)) == len(asked) <= 12


def test_falling_margins_are_searched_from_the_other_end() -> None:
    assert first_passing(range(95, 0, -1), lambda quality: 40.5 - quality) == 40


def test_good_enough_ends_the_search() -> None:
    asked = []

    def margin(quality: int) -> float:
        asked.append(quality)
        return float(quality - 60)

    assert first_passing(range(101), margin, 61, slack=1.0) == 61
    assert asked == [61]


def test_a_known_rise_tells_where_to_look_second() -> None:
    asked = []

    def margin(quality: int) -> float:
        asked.append(quality)
        return 2.0 * (quality - 29.5)

    assert first_passing(range(101), margin, 60, rise=2.0) == 30
    assert asked == [60, 30, 29]


def test_the_middle_of_what_is_good_enough_is_aimed_at() -> None:
    asked = []

    def margin(quality: int) -> float:
        asked.append(quality)
        return float(quality - 30)

    assert first_passing(range(101), margin, 60, slack=10.0, rise=1.0) == 35
    assert asked == [60, 35]


def test_steps_and_plateaus_are_no_trap() -> None:
    assert first_passing(range(101), lambda quality: quality // 10 - 6.5) == 70
    assert first_passing([100], lambda _: -1.0) is None
    assert first_passing([100], lambda _: 1.0) == 100
