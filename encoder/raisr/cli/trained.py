"""What `raisr train` and `raisr train-shipped` do with a trained bank."""

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
    from raisr.training.train import Trained


def checkpoint_folder() -> Path:
    """Where checkpoint directories are made unless --checkpoints names another folder."""
    import platformdirs

    return platformdirs.user_cache_path("raisr") / "training"


def write_bank(
    output: Path, trained: Trained, settings: Settings, sources: Sequence[Path], cost: Cost
) -> None:
    """Write a bank, and its provenance beside it, and print what each stage gains.

    In a folder it is named by its id.
    """
    from raisr.files import write_whole
    from raisr.training import provenance
    from raisr_decoder.bank import save

    target = output / f"{trained.bank.id}.bank" if output.is_dir() else output
    data = save(trained.bank)
    write_whole(target, data)
    described = provenance.describe(trained, settings, sources, cost)
    write_whole(target.with_suffix(".json"), described.encode())
    show(training_table(trained))
    click.echo(f"{target}: {len(data):,} bytes, {trained.photographs} photographs")
    trained.checkpoints.remove()


def training_table(trained: Trained) -> Table:
    """What each stage gains on the validation set, and how well its buckets are filled."""
    from rich.table import Table

    from raisr.training.progress import stage_name
    from raisr.training.train import ALONE, SPARSE
    from raisr_decoder.filters import LowRankStage

    title = f"validation set: {trained.validation_photographs} photographs"
    table = Table("", title=title, box=None)
    for heading in ("luma PSNR", "gain", "buckets", f"with fewer than {SPARSE} cells", "rank"):
        table.add_column(heading, justify="right")
    stages = [stage for stage in trained.bank.stages if isinstance(stage, LowRankStage)]
    filled = {
        stage_name(number): (str(stage.tree.leaves), str(sparse), str(len(stage.basis)))
        for number, (stage, sparse) in enumerate(zip(stages, trained.sparse, strict=True), start=1)
    }
    psnr = trained.mean_psnr
    for name in psnr or filled:
        level = psnr.get(name)
        gain = ("", "") if level is None else (f"{level:.2f} dB", f"{level - psnr[ALONE]:+.3f} dB")
        absent = "left out" if name in {stage_name(number) for number in range(1, 9)} else ""
        table.add_row(name, *gain, *filled.get(name, (absent, "", "")))
    return table
