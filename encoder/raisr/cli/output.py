"""What commands print: tables, progress bars, and which files failed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from raisr_decoder.errors import RaisrError

if TYPE_CHECKING:
    from rich.table import Table

    from raisr.progress import Progress as Report


def show(table: Table) -> None:
    """Print a table, as wide as the terminal; 120 columns where there is none."""
    from rich.console import Console

    Console(width=None if Console().is_terminal else 120).print(table)


@contextmanager
def progress_bar() -> Iterator[Report]:
    """A bar on standard error, one line for each step."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(
        *columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        tasks: dict[str, TaskID] = {}

        def report(step: str, done: float, total: float) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(step, total=total)
            bar.update(tasks[step], completed=done)

        yield report


def finite(value: float) -> float | None:
    """What JSON knows of a number: neither infinity nor NaN."""
    return value if math.isfinite(value) else None


def fail_with(failures: Sequence[RaisrError]) -> None:
    """Name each file that failed; the others are done by then."""
    for failure in failures:
        click.echo(f"Error: {failure}", err=True)
    if failures:
        raise SystemExit(1)
