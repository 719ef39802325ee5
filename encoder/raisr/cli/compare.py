"""`raisr compare`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from raisr.cli.options import bank_option, files_argument, jobs_option
from raisr.cli.output import fail_with, finite, progress_bar, show
from raisr_decoder.errors import RaisrError

if TYPE_CHECKING:
    from rich.table import Table

    from raisr.evaluation.comparison import Comparison, MeasuredFile


@click.command()
@files_argument("photos")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="An HTML file."
)
@bank_option
@click.option("--json", "as_json", is_flag=True, help="Also print all figures as JSON.")
@jobs_option
def command(
    photos: tuple[Path, ...], output: Path, banks: tuple[Path, ...], as_json: bool, jobs: int
) -> None:
    """Compare raisr with plain JPEG, WebP and AVIF.

    Photographs, or folders of them, are encoded by each at several sizes. The report is one HTML
    file: curves of bytes against quality, BD-rates, and crops of output images whose files have
    the same size. A photograph of 1.5 megapixels takes several minutes.

    \b
    raisr compare photo.jpg -o report.html
    raisr compare photographs/ -o report.html --json > figures.json
    """
    from raisr.extras import require_extra

    require_extra("train")
    from raisr.bank_store import BankStore
    from raisr.evaluation.comparison import check_photo, compare
    from raisr.evaluation.report import render
    from raisr.files import check_writable, find_photographs, keep_apart, write_whole

    store = BankStore(banks)
    fit: list[Path] = []
    failures: list[RaisrError] = []
    for photo in dict.fromkeys(find_photographs(photos)):
        keep_apart(photo, output)
        try:
            check_photo(photo)
            fit.append(photo)
        except RaisrError as error:
            failures.append(error)
    if fit:
        check_writable(output)
        with progress_bar() as progress:
            comparisons = compare(fit, store, jobs, progress)
        write_whole(output, render(comparisons, store).encode())
        if as_json:
            click.echo(json.dumps(comparison_facts(comparisons), indent=2))
        else:
            show(bd_rate_table(comparisons))
            click.echo(f"{output}: {len(comparisons)} photographs")
    fail_with(failures)


def comparison_facts(comparisons: list[Comparison]) -> dict[str, Any]:
    """What `compare --json` prints; JSON knows neither infinity nor NaN."""
    from raisr.evaluation.bd_rate import bd_rate_rows
    from raisr.evaluation.comparison import METRICS

    def bd_rates(chosen: list[Comparison]) -> list[dict[str, Any]]:
        return [
            {"method": method, "against": baseline}
            | {metric: finite(value) for metric, value in zip(METRICS, values, strict=True)}
            for method, baseline, values in bd_rate_rows(chosen)
        ]

    def facts(file: MeasuredFile) -> dict[str, Any]:
        encoded = file.encoded
        return {
            "bytes": len(encoded.payload),
            "base": encoded.base,
            "scale": str(encoded.scale),
            "quality": encoded.quality,
        } | {name: finite(value) for name, value in asdict(file.point).items()}

    return {
        "bd_rate": bd_rates(comparisons),
        "photographs": [
            {
                "photo": str(each.photo),
                "bd_rate": bd_rates([each]),
                "files": {
                    method: [facts(file) for file in files.values()]
                    for method, files in each.files.items()
                },
            }
            for each in comparisons
        ],
    }


def bd_rate_table(comparisons: list[Comparison]) -> Table:
    """A row for each method of raisr and each plain codec that it is compared with."""
    from rich.table import Table

    from raisr.evaluation.bd_rate import bd_rate_rows
    from raisr.evaluation.comparison import METRICS

    title = "bytes for the same quality, in percent (BD-rate; negative is better)"
    table = Table("", "against", title=title, box=None)
    for name in METRICS.values():
        table.add_column(name, justify="right")
    for method, baseline, values in bd_rate_rows(comparisons):
        table.add_row(method, baseline, *(f"{value:+.1f}" for value in values))
    return table
