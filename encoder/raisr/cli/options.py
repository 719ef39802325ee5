"""Types of options, and options that several commands have."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import click

Form = Literal["auto", "frame", "range"]


class Scale(click.ParamType[Any]):
    """Output size / base size: a number such as 2, 1.37 or 3/2.

    Parameters
    ----------
    *allowed : (Fraction, Fraction) or Fraction
        Ranges, ends included, and single numbers.
    form : str, optional
        What may be written in place of one number: "auto" gives None; "frame", as in 3840x2160,
        gives (rows, columns); with "range", as in 1-4, the value is always (lowest, highest).
    """

    name = "scale"

    def __init__(
        self, *allowed: tuple[Fraction, Fraction] | Fraction, form: Form | None = None
    ) -> None:
        self._allowed = [each if isinstance(each, tuple) else (each, each) for each in allowed]
        self._form = form

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Fraction | tuple[Fraction, Fraction] | tuple[int, int] | None:
        text = str(value)
        if self._form == "auto" and text == "auto":
            return None
        if self._form == "frame" and (match := re.fullmatch(r"(\d+)x(\d+)", text)):
            return int(match[2]), int(match[1])
        lowest, _, highest = text.partition("-") if self._form == "range" else (text, "", "")
        scales = self._number(lowest), self._number(highest or lowest)
        if scales[0] is None or scales[1] is None or scales[0] > scales[1]:
            self.fail(f"{text!r} is no scale that fits here: write {self._expected()}", param, ctx)
        return (scales[0], scales[1]) if self._form == "range" else scales[0]

    def _number(self, text: str) -> Fraction | None:
        try:
            scale = Fraction(text)
        except (ValueError, ZeroDivisionError):
            return None
        return scale if any(low <= scale <= high for low, high in self._allowed) else None

    def _expected(self) -> str:
        numbers = [
            str(low) if low == high else f"a number of {low} to {high} such as {high / 2} or 1.37"
            for low, high in self._allowed
        ]
        forms = {"auto": ["auto"], "frame": ["a frame such as 3840x2160"], "range": ["1-4"]}
        more = forms[self._form] if self._form else []
        return ", ".join([*more, *numbers])


class Size(click.ParamType[int]):
    """Bytes, as in 25000, 25KB or 0.5MB."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        match = re.fullmatch(r"([0-9.]+) *(|K|KB|M|MB|B)", str(value).upper())
        try:
            number = float(match[1]) if match else 0.0
        except ValueError:
            number = 0.0
        if not match or number <= 0:
            self.fail(f"{value!r} is no size; write 25000, 25KB or 0.5MB", param, ctx)
        return int(number * {"": 1, "B": 1, "K": 1000, "M": 1_000_000}[match[2][:1]])


class Buckets(click.ParamType[int]):
    """As many leaves as a full binary tree of up to `max_depth` levels has."""

    name = "number"

    def __init__(self, max_depth: int) -> None:
        self._choices = [2**depth for depth in range(max_depth + 1)]

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        buckets = int(value) if str(value).isdecimal() else 0
        if buckets not in self._choices:
            choices = ", ".join(map(str, self._choices))
            self.fail(f"{value!r} is none of {choices}", param, ctx)
        return buckets


class QualityRange(click.ParamType[tuple[int, int]]):
    """One quality, or two with a dash between them."""

    name = "quality"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", str(value))
        if match is None:
            self.fail(f"{value!r} is no quality; write 40 or 30-50", param, ctx)
        lowest, highest = int(match[1]), int(match[2] or match[1])
        if not lowest <= highest <= 100:
            self.fail(f"{value!r} is no rising range within 0-100", param, ctx)
        return lowest, highest


def files_argument(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Files, or folders of them."""
    return click.argument(name, nargs=-1, required=True, type=click.Path(path_type=Path))


def bank_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--bank`, for commands that look banks up."""
    return click.option(
        "--bank",
        "banks",
        type=click.Path(exists=True, path_type=Path),
        multiple=True,
        help="A bank file or a folder of them, preferred to those that come with raisr.",
    )(function)


def jobs_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--jobs`, for commands that use several processes."""
    return click.option(
        "--jobs",
        type=click.IntRange(min=1),
        default=os.cpu_count() or 1,
        help="Processes; by default as many as there are cores.",
    )(function)
