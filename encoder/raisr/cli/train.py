"""`raisr train`."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import click

from raisr.cli.options import Buckets, QualityRange, Scale, files_argument, jobs_option
from raisr.cli.output import fail_with, progress_bar
from raisr.cli.trained import checkpoint_folder, write_bank
from raisr.training.settings import QUALITIES, Settings, qualities_within
from raisr_decoder.bank import BASES
from raisr_decoder.cells import CELL
from raisr_decoder.limits import MAX_DEPTH, MAX_RANK, MAX_STAGES
from raisr_decoder.shapes import BLOCKS

MAX_FILTER_STAGES = MAX_STAGES - 2
"""One stage may resize and one may blend."""


@click.command()
@files_argument("photos")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Bank file, or a folder where the bank is named by its id.",
)
@click.option(
    "--base", type=click.Choice(BASES), default="jpeg", show_default=True, help="Base codec."
)
@click.option(
    "--scale",
    "scales",
    type=Scale((Fraction(1, 2), Fraction(8)), form="range"),
    default="2",
    show_default=True,
    help="Output size / base size: 1, 3/2, 2, 5/2, 3 or 4; with upsample-first any, or a range.",
)
@click.option(
    "--mode",
    type=click.Choice(["direct", "upsample-first"]),
    default="direct",
    show_default=True,
    help="Let the first filters upscale, or filter after a bicubic resize, which serves any scale.",
)
@click.option(
    "--quality",
    "qualities",
    type=QualityRange(),
    help="Qualities of the base codec that the bank shall serve: one, or a range that the "
    "photographs are spread over.  [default: about all that are of use]",
)
@click.option(
    "--stages",
    type=click.IntRange(1, MAX_FILTER_STAGES),
    default=1,
    show_default=True,
    help="Passes of filters over the image; each mends what the ones before it left.",
)
@click.option(
    "--buckets",
    type=Buckets(MAX_DEPTH),
    default=64,
    show_default=True,
    help="Filters of each stage, a power of two: the leaves of the tree that chooses among them.",
)
@click.option(
    "--rank",
    type=click.IntRange(1, MAX_RANK),
    default=16,
    show_default=True,
    help="Basis filters of each stage, of which those of all buckets and qualities are mixed: more "
    "come closer to the best filters, and make a larger bank.",
)
@click.option(
    "--min-gain",
    type=float,
    help="Leave out further stages that gain less on the validation set, in dB.",
)
@click.option(
    "--sharpen",
    type=click.FloatRange(0, 4),
    default=0.0,
    show_default=True,
    help="Aim at sharpened photographs: crisper output images, further from the photograph.",
)
@click.option(
    "--blend",
    type=click.IntRange(0, 255),
    default=0,
    show_default=True,
    help="With --sharpen: go back towards bicubic where filtering changed structure, by this many "
    "128ths for each of the eight neighbours; 32 measured best.",
)
@click.option(
    "--ridge",
    type=click.FloatRange(min=0),
    default=Settings.ridge,
    show_default=True,
    help="Pull of rare buckets towards the filter of all buckets.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=Settings.seed,
    show_default=True,
    help="Spread qualities and scales, and choose the validation set, in another way.",
)
@click.option(
    "--checkpoints",
    type=click.Path(path_type=Path, file_okay=False),
    help="Make the checkpoint directory in this folder; by default in the user's cache. It needs a "
    "few times the space of the photographs' pixels until the bank is written.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Let the workers of this Dask scheduler (tcp://host:8786) help. Photographs and "
    "--checkpoints must lie on storage that all workers share, under the same paths; start the "
    "workers with --nthreads 1.",
)
@jobs_option
def command(
    photos: tuple[Path, ...],
    output: Path,
    base: str,
    scales: tuple[Fraction, Fraction],
    mode: str,
    qualities: tuple[int, int] | None,
    stages: int,
    buckets: int,
    rank: int,
    min_gain: float | None,
    sharpen: float,
    blend: int,
    ridge: float,
    seed: int,
    checkpoints: Path | None,
    scheduler: str | None,
    jobs: int,
) -> None:
    """Train a filter bank on photographs.

    The photographs are downscaled and sent through the base codec; the filters learn to bring them
    back. The bank's provenance is written beside it. One photograph of ten is in the validation
    set, on which is measured what each stage gains.

    When training is interrupted, the same command goes on from its checkpoints. Which processes or
    machines take part does not change the bank.

    \b
    raisr train photographs/ -o my.bank --base jpeg --scale 2
    raisr train photographs/ -o small.bank --base webp --quality 30-60 --buckets 32 --rank 8
    raisr train /mnt/photographs -o banks/ --checkpoints /mnt/checkpoints --scheduler tcp://host:8786
    """
    from raisr.extras import require_extra
    from raisr.files import find_photographs

    require_extra("train")
    from raisr.training import provenance
    from raisr.training.train import train

    upsample_first = mode == "upsample-first"
    if not upsample_first and not (scales[0] == scales[1] and scales[0] * CELL in BLOCKS):
        raise click.BadParameter(
            "a direct bank serves 1, 3/2, 2, 5/2, 3 or 4; --mode upsample-first serves any scale",
            param_hint="--scale",
        )
    settings = Settings(
        base,
        scales,
        upsample_first,
        qualities_within(base, *qualities) if qualities else QUALITIES[base],
        (buckets.bit_length() - 1,) * stages,
        (rank,) * stages,
        sharpen=sharpen,
        blend=blend,
        min_gain=min_gain,
        ridge=ridge,
        seed=seed,
    )
    found = find_photographs(photos)
    with provenance.measured() as cost, progress_bar() as progress:
        trained = train(
            found, settings, jobs, progress, checkpoints or checkpoint_folder(), scheduler
        )
    write_bank(output, trained, settings, photos, cost)
    fail_with(trained.unreadable)
