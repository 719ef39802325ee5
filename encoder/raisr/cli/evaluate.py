"""`raisr evaluate`."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from raisr.cli.options import Scale, files_argument
from raisr.cli.output import fail_with, finite, progress_bar, show
from raisr_decoder.errors import RaisrError

if TYPE_CHECKING:
    from rich.table import Table

    from raisr.evaluation.super_resolution import Score


@click.command()
@files_argument("photos")
@click.option(
    "--scale",
    type=Scale((Fraction(17, 16), Fraction(8))),
    default="2",
    show_default=True,
    help="How much the images are downscaled, and upscaled again: 2, 3/2, 1.37.",
)
@click.option(
    "--bank",
    "bank_file",
    type=click.Path(path_type=Path),
    help="A bank file; by default the one for clean images that comes with raisr.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON; null is an infinite PSNR.")
def command(
    photos: tuple[Path, ...], scale: Fraction, bank_file: Path | None, as_json: bool
) -> None:
    """Measure how well ordinary images are upscaled.

    Images, or folders of them, are upscaled by a bank and by bicubic interpolation, by the
    protocol of the super-resolution papers: luma is downscaled with the bicubic filter, upscaled
    again, and compared with the reference image, as PSNR in dB without a border. Leave out images
    that the bank was trained on.

    \b
    raisr evaluate Set5/
    raisr evaluate Set5/ --scale 3 --json
    raisr evaluate Set5/ --bank my.bank
    """
    from raisr.extras import require_extra

    require_extra("train")
    from raisr.bank_store import BankStore, read_bank
    from raisr.evaluation.super_resolution import check_scale, evaluate
    from raisr.files import find_photographs

    bank = BankStore().closest("png", scale) if bank_file is None else read_bank(bank_file)
    check_scale(bank, scale)
    found = find_photographs(photos)
    scores: list[Score] = []
    failures: list[RaisrError] = []
    with progress_bar() as progress:
        for number, photo in enumerate(found):
            progress("evaluating", number, len(found))
            try:
                scores.append(evaluate(photo, scale, bank))
            except RaisrError as error:
                failures.append(error)
        progress("evaluating", len(found), len(found))
    if as_json:
        click.echo(json.dumps(score_facts(scores), indent=2))
    elif scores:
        show(score_table(scores, scale))
    fail_with(failures)


def score_facts(scores: list[Score]) -> dict[str, Any]:
    """What `evaluate --json` prints; JSON knows no infinity."""
    from raisr.evaluation.super_resolution import mean_score

    def facts(score: Score) -> dict[str, float | None]:
        return {"psnr": finite(score.psnr), "bicubic_psnr": finite(score.bicubic_psnr)}

    return {
        "mean": facts(mean_score(scores)) if scores else None,
        "pictures": [{"name": score.name, **facts(score)} for score in scores],
    }


def score_table(scores: list[Score], scale: Fraction) -> Table:
    """A row for each image, and one of means."""
    from rich.table import Table

    from raisr.evaluation.super_resolution import mean_score

    table = Table(f"PSNR (dB) at scale {scale}", box=None)
    for heading in ("bicubic", "raisr", "gain"):
        table.add_column(heading, justify="right")
    for score in (*scores, mean_score(scores)):
        gain = score.psnr - score.bicubic_psnr
        table.add_row(score.name, f"{score.bicubic_psnr:.2f}", f"{score.psnr:.2f}", f"{gain:+.2f}")
    return table
