"""What `raisr train` and `raisr train-shipped` do with trained banks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from raisr.cli.output import show

if TYPE_CHECKING:
    from rich.table import Table

    from raisr.training.provenance import Cost
    from raisr.training.settings import Settings
    from raisr.training.train import Trained, TrainedBank


def checkpoint_folder() -> Path:
    """Where checkpoint directories are made unless --checkpoints names another folder."""
    import platformdirs

    return platformdirs.user_cache_path("raisr") / "training"


def write_banks(
    output: Path,
    several: bool,
    trained: Trained,
    settings: Settings,
    sources: Sequence[Path],
    cost: Cost,
) -> None:
    """Write banks, and their provenance beside them, and print what each stage gains.

    Several banks go into a folder, `output`, named by their ids.
    """
    from raisr.files import write_whole
    from raisr.training import provenance
    from raisr_decoder.bank import save

    for made in trained.banks:
        target = output / f"{made.bank.id}.bank" if several else output
        data = save(made.bank)
        write_whole(target, data)
        described = provenance.describe(made, trained, settings, sources, cost)
        write_whole(target.with_suffix(".json"), described.encode())
        show(training_table(made, trained.validation_photographs))
        click.echo(f"{target}: {len(data):,} bytes, {trained.photographs} photographs")
    trained.checkpoints.remove()


def training_table(made: TrainedBank, validation_photographs: int) -> Table:
    """What each stage gains on the validation set, and how well its buckets are filled."""
    from rich.table import Table

    from raisr.training.train import ALONE, SPARSE
    from raisr_decoder.bank import FilterStage

    lowest, highest = made.bank.quality
    title = f"quality {lowest}-{highest}, validation set: {validation_photographs} photographs"
    table = Table("", title=title, box=None)
    for heading in ("luma PSNR", "gain", "buckets", f"with fewer than {SPARSE} cells"):
        table.add_column(heading, justify="right")
    filters = [stage for stage in made.bank.stages if isinstance(stage, FilterStage)]
    buckets = {
        f"stage {number}": (str(stage.tree.leaves), str(sparse))
        for number, (stage, sparse) in enumerate(zip(filters, made.sparse, strict=True), start=1)
    }
    alone = made.psnr.get(ALONE, 0.0)
    for name in made.psnr or buckets:
        level = made.psnr.get(name)
        gain = ("", "") if level is None else (f"{level:.2f} dB", f"{level - alone:+.2f} dB")
        absent = "left out" if name.startswith("stage") else ""
        table.add_row(name, *gain, *buckets.get(name, (absent, "")))
    return table
