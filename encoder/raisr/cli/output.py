"""What commands print: tables, progress bars, and which files failed."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from raisr_decoder.errors import RaisrError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

LINE_SECONDS = 30
"""Between two lines on long work where there is no terminal to draw a bar on."""


def show(table: Table) -> None:
    """Print a table, as wide as the terminal; 120 columns where there is none."""
    from rich.console import Console

    Console(width=None if Console().is_terminal else 120).print(table)


class Report(Protocol):
    """Told the name of a step, how many of its parts are done, of how many, and a word on them."""

    def __call__(self, step: str, done: float, total: float, detail: str = "") -> None: ...


@contextmanager
def progress_bar() -> Iterator[Report]:
    """Progress on standard error: a bar for each step, or off a terminal a line now and then."""
    from rich.console import Console

    console = Console(stderr=True)
    with _bars(console) if console.is_terminal else nullcontext(_lines()) as report:
        yield report


@contextmanager
def _bars(console: Console) -> Iterator[Report]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    detail_column = TextColumn("{task.fields[detail]}")
    with Progress(
        *columns, TimeRemainingColumn(), detail_column, console=console, transient=True
    ) as bar:
        tasks: dict[str, TaskID] = {}

        def report(step: str, done: float, total: float, detail: str = "") -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(step, total=total, detail=detail)
            bar.update(tasks[step], completed=done, detail=detail)

        yield report


def _lines() -> Report:
    last = time.monotonic()

    def report(step: str, done: float, total: float, detail: str = "") -> None:
        nonlocal last
        if time.monotonic() - last >= LINE_SECONDS:
            last = time.monotonic()
            click.echo(f"{step}: {done:g} of {total:g} {detail}".rstrip(), err=True)

    return report


def warn(file: Path, messages: Sequence[str]) -> None:
    """Tell what of a file is left out, on standard error."""
    for message in messages:
        click.echo(f"Note: {file}: {message}", err=True)


def finite(value: float) -> float | None:
    """What JSON knows of a number: neither infinity nor NaN."""
    return value if math.isfinite(value) else None


def fail_with(failures: Sequence[RaisrError]) -> None:
    """Name each file that failed; the others are done by then."""
    for failure in failures:
        click.echo(f"Error: {failure}", err=True)
    if failures:
        raise SystemExit(1)
