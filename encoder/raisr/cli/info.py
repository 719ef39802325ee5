"""`raisr info`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

PLAIN = "none: a plain file, as filters would not have made it better for its bytes"

if TYPE_CHECKING:
    from raisr.api import Info
    from raisr_decoder.bank import Bank, BankStage


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    help="Also draw a bank's trees and filters, as this PNG file.",
)
def command(file: Path, as_json: bool, plot: Path | None) -> None:
    """Describe a payload or a filter bank.

    \b
    raisr info small.jpg
    raisr info my.bank --plot filters.png
    """
    from raisr.api import info
    from raisr.files import keep_apart, read_file, write_whole
    from raisr_decoder.bank import MAGIC, load

    data = read_file(file)
    bank = load(data) if data.startswith(MAGIC) else None
    if plot is not None:
        if bank is None:
            raise click.BadParameter(f"{file} is no bank", param_hint="--plot")
        from raisr.extras import require_extra

        require_extra("train")
        from raisr.evaluation.bank_plot import plot_bank

        keep_apart(file, plot)
        write_whole(plot, plot_bank(bank))
    facts = {"file": file.name, "bytes": len(data)}
    facts |= payload_facts(info(data)) if bank is None else bank_facts(bank)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    for name, value in facts.items():
        click.echo(f"{name:14} {PLAIN if name == 'bank' and value is None else value}")


def payload_facts(payload: Info) -> dict[str, Any]:
    """What a payload says of itself; JSON knows no fractions."""
    return asdict(payload) | {"scale": str(payload.scale)}


def bank_facts(bank: Bank) -> dict[str, Any]:
    """What a bank holds; `qualities` are those whose coding noise it states."""
    return {
        "id": bank.id,
        "base": bank.base,
        "scale": str(bank.scale or "any"),
        "qualities": [quality for quality, _ in bank.noise],
        "stages": [stage_words(stage) for stage in bank.stages],
    }


def stage_words(stage: BankStage) -> str:
    """A stage in words."""
    from raisr_decoder.filters import BlendStage, LowRankStage, ResizeStage

    match stage:
        case LowRankStage():
            rank = len(stage.basis)
            return f"{stage.tree.leaves} buckets, {rank} basis filters, blocks of {stage.block}"
        case ResizeStage((lowest, highest)):
            return f"bicubic resize, for scales {lowest}-{highest}"
        case BlendStage(strength):
            return f"blend of strength {strength}"
