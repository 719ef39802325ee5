"""`raisr train-shipped`."""

from __future__ import annotations

from pathlib import Path

import click

from raisr.cli.options import files_argument, jobs_option
from raisr.cli.output import fail_with, progress_bar
from raisr.cli.trained import checkpoint_folder, write_bank
from raisr_decoder.errors import RaisrError


@click.command("train-shipped")
@files_argument("photos")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the banks; trainings whose bank is there are not repeated.",
)
@jobs_option
def command(photos: tuple[Path, ...], output: Path, jobs: int) -> None:
    """Train all banks that come with raisr anew.

    Twenty-five trainings, one after the other. When they are interrupted, the same command goes
    on from there. What all of them cost is written beside the banks.

    \b
    raisr train-shipped photographs/ -o banks/
    """
    from raisr.extras import require_extra
    from raisr.files import find_photographs, write_whole

    require_extra("train")
    from raisr.training import provenance
    from raisr.training.shipped import shipped
    from raisr.training.train import train

    found = find_photographs(photos)
    output.mkdir(parents=True, exist_ok=True)
    unreadable: list[RaisrError] = []
    for settings in shipped():
        if provenance.holds(output, settings):
            continue
        scales = "-".join(sorted({str(scale) for scale in settings.scales}))
        click.echo(f"base {settings.base}, scale {scales}")
        with provenance.measured() as cost, progress_bar() as progress:
            trained = train(found, settings, jobs, progress, checkpoint_folder())
        write_bank(output, trained, settings, photos, cost)
        unreadable = trained.unreadable
    total = provenance.summary(output)
    write_whole(output / provenance.SUMMARY, total.encode())
    click.echo(total)
    fail_with(unreadable)
