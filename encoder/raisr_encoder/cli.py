"""The command `raisr`: the only module of the encoder that prints."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from fractions import Fraction
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click
import platformdirs
from rich import filesize
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from raisr_decoder.bank import (
    BASES,
    BLOCKS,
    MAGIC,
    MAX_DEPTH,
    MAX_STAGES,
    Bank,
    BlendStage,
    FilterStage,
    ResizeStage,
    Stage,
    save,
)
from raisr_decoder.errors import RaisrError
from raisr_decoder.hashing import CELL
from raisr_decoder.payload import parse
from raisr_decoder.restore import NUMPY, Engine
from raisr_encoder import compare as comparing
from raisr_encoder import encode as encoding
from raisr_encoder import evaluate as evaluation
from raisr_encoder import kernels, provenance
from raisr_encoder import train as training
from raisr_encoder import upscale as upscaling
from raisr_encoder.bank_store import BankStore, read_bank
from raisr_encoder.base_codec import base_codecs
from raisr_encoder.batch import Encoded, Errand, Failed, encode_all, errands_for, originals
from raisr_encoder.compare import METRICS
from raisr_encoder.crew import gathered
from raisr_encoder.decode import decode
from raisr_encoder.examples import Settings
from raisr_encoder.files import (
    check_writable,
    find_photographs,
    keep_apart,
    read_file,
    write_whole,
)
from raisr_encoder.image_io import decode_picture, save_png
from raisr_encoder.plot import plot_bank
from raisr_encoder.progress import Progress as Report
from raisr_encoder.reduce import scaled_shape
from raisr_encoder.report import render
from raisr_encoder.settings import DEFAULT_SCORE
from raisr_encoder.shipped import shipped

MIN_SCALE, MAX_SCALE = Fraction(1, 2), Fraction(8)
MAX_FILTER_STAGES = MAX_STAGES - 2
"""One stage may resize and one may blend."""

JPEG_START = b"\xff\xd8\xff"


class Commands(click.Group):
    """The commands of this module and those that other distributions register.

    Errors of ours end in a sentence and exit code 1, not in a traceback.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *entry_points(group="raisr.commands").names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            return command
        for entry in entry_points(group="raisr.commands", name=cmd_name):
            loaded: click.Command = entry.load()
            return loaded
        return None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except RaisrError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="raisr-encoder")
def main() -> None:
    """Send a small picture, show a big one.

    \b
    raisr encode photo.jpg -o small.jpg     make a payload
    raisr restore small.jpg -o big.png      see what viewers will see
    raisr serve                             show a folder of photographs in the browser
    """


# --- options ----------------------------------------------------------------------------------


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


def fraction(text: str) -> Fraction:
    """A number such as 2, 1.37 or 3/2; 0, which no option allows, for anything else."""
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        return Fraction(0)


class Scale(click.ParamType[Fraction | None]):
    """A scale that the cell filter serves; None for auto."""

    name = "scale"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Fraction | None:
        if value == "auto":
            return None
        scales = [Fraction(block, CELL) for block in BLOCKS]
        scale = fraction(str(value))
        if scale not in scales:
            self.fail(f"{value!r} is none of auto, {', '.join(map(str, scales))}", param, ctx)
        return scale


class Enlargement(click.ParamType[Fraction | tuple[int, int]]):
    """A factor, or a frame of width x height that the result fits into."""

    name = "scale"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Fraction | tuple[int, int]:
        if match := re.fullmatch(r"(\d+)x(\d+)", str(value)):
            return int(match[2]), int(match[1])
        scale = fraction(str(value))
        if not 1 <= scale <= MAX_SCALE:
            self.fail(
                f"{value!r} is no scale of 1-{MAX_SCALE}; write 2, 1.37 or 3840x2160", param, ctx
            )
        return scale


class Buckets(click.ParamType[int]):
    """As many leaves as a full binary tree has."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        choices = [2**depth for depth in range(MAX_DEPTH + 1)]
        buckets = int(value) if str(value).isdecimal() else 0
        if buckets not in choices:
            self.fail(f"{value!r} is none of {', '.join(map(str, choices))}", param, ctx)
        return buckets


class Factor(click.ParamType[Fraction]):
    """A scale that enlarges."""

    name = "scale"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Fraction:
        scale = fraction(str(value))
        if not 1 < scale <= MAX_SCALE:
            self.fail(
                f"{value!r} is no scale above 1 and up to {MAX_SCALE}; write 2, 3/2 or 1.37",
                param,
                ctx,
            )
        return scale


class ScaleRange(click.ParamType[tuple[Fraction, Fraction]]):
    """One scale, or two with a dash between them."""

    name = "scale"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Fraction, Fraction]:
        lowest, _, highest = str(value).partition("-")
        scales = fraction(lowest), fraction(highest or lowest)
        if not MIN_SCALE <= scales[0] <= scales[1] <= MAX_SCALE:
            self.fail(
                f"{value!r} is no scale or rising range of {MIN_SCALE}-{MAX_SCALE}; "
                "write 2, 3/2 or 1-4",
                param,
                ctx,
            )
        return scales


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


def bank_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--bank`, for commands that look banks up."""
    return click.option(
        "--bank",
        "banks",
        type=click.Path(exists=True, path_type=Path),
        multiple=True,
        help="A bank file or a folder of them, preferred to those that come with raisr.",
    )(function)


# --- commands ---------------------------------------------------------------------------------


@main.command()
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Payload file, whose suffix then chooses the base codec, or a folder for several; by "
    "default PHOTO.raisr.SUFFIX beside the photo.",
)
@click.option(
    "--base",
    type=click.Choice(["auto", *BASES]),
    default="auto",
    show_default=True,
    help="Base codec; auto: the best of JPEG, WebP and AVIF, which every current browser shows.",
)
@click.option(
    "--scale",
    type=Scale(),
    default="auto",
    show_default=True,
    help="Output size / base size: 1, 3/2, 2, 5/2, 3 or 4; auto: the best.",
)
@click.option("--target-size", type=Size(), help="Largest payload; the best that fits.")
@click.option(
    "--target-score",
    type=click.FloatRange(max=100),
    help="Lowest SSIMULACRA2 of the restored picture, in the fewest bytes: 30 is low, 50 medium, "
    f"70 high quality, 90 like the original.  [default without another aim: {DEFAULT_SCORE:g}]",
)
@click.option(
    "--quality",
    type=click.IntRange(0, 100),
    help="Quality of the base codec, literally. What is left to auto saves as many bytes as it can "
    "against the plain codec (of --base auto: JPEG) at the same score.",
)
@click.option(
    "--effort",
    type=click.IntRange(1, 3),
    default=encoding.Settings.effort,
    show_default=True,
    help="How much is tried: 1, the two likeliest scales of each base codec; 2, up to four, and "
    "the two best of them with care; 3, all of them with care, which takes several times as long.",
)
@bank_option
@click.option("--jobs", type=click.IntRange(min=1), default=os.cpu_count() or 1, help="Processes.")
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Let the workers of this Dask scheduler (tcp://host:8786) encode. Photographs and banks "
    "must lie on storage that all workers share, under the same paths.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def encode(
    photos: tuple[Path, ...],
    output: Path | None,
    base: str,
    scale: Fraction | None,
    target_size: int | None,
    target_score: float | None,
    quality: int | None,
    effort: int,
    banks: tuple[Path, ...],
    jobs: int,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Make payloads of photographs (or of folders of them).

    A payload is an ordinary picture, mostly smaller than the photograph, that carries a note on
    how to restore it. Any viewer opens it. Base codec, scale, quality and filters are searched for
    each photograph; the plain codec at full size is always among the candidates.

    A photograph whose payload is there already, made with the same settings and banks, is left as
    it is.

    \b
    raisr encode photo.jpg -o small.avif --target-size 25KB
    raisr encode photographs/ -o payloads/ --target-score 60
    raisr encode photo.jpg --base jpeg --scale 2 --quality 40
    """
    found = originals(photos)
    if output and output.suffix and not output.is_dir() and found == list(photos)[:1]:
        base = base_for(output, base)
        errands = [Errand(photos[0], output.with_suffix(""), output.suffix)]
    else:
        errands = errands_for(found, photos, output)
    settings = encoding.Settings(base, scale, quality, target_size, target_score, effort)
    store = BankStore(banks)
    encoded: list[Encoded] = []
    failed: list[Failed] = []
    with gathered(min(jobs, len(errands)), scheduler) as crew, savings_bar(len(errands)) as report:
        threads = max(1, jobs // len(errands))
        for result in encode_all(errands, settings, store, crew, threads):
            report(result)
            if isinstance(result, Encoded):
                encoded.append(result)
            else:
                failed.append(result)
    if as_json:
        click.echo(json.dumps(encoding_facts(encoded, failed), indent=2))
    elif encoded:
        show(encoding_table(encoded))
    fail_with([each.error for each in failed])


@main.command()
@click.argument("payload", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="A PNG file.")
@click.option(
    "--engine",
    type=click.Choice(["numba", "numpy"]),
    default="numba",
    show_default=True,
    help="Both give the same pixels; NumPy is what runs in the browser.",
)
@bank_option
def restore(payload: Path, output: Path, engine: str, banks: tuple[Path, ...]) -> None:
    """Restore a payload to the full picture that viewers see."""
    keep_apart(payload, output)
    full = decode(read_file(payload), BankStore(banks), engine_named(engine))
    write_whole(output, save_png(full))
    click.echo(f"{output}: {full.shape[1]} x {full.shape[0]}")


@main.command()
@click.argument("photo", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="A PNG file.")
@click.option(
    "--scale",
    type=Enlargement(),
    default="2",
    show_default=True,
    help="A factor such as 2 or 1.37, or a frame such as 3840x2160 that the result fits into.",
)
@click.option(
    "--source",
    type=click.Choice(["auto", "clean", "compressed"]),
    default="auto",
    show_default=True,
    help="Whether compression artefacts are to be removed; auto: from JPEG files.",
)
@bank_option
def upscale(
    photo: Path,
    output: Path,
    scale: Fraction | tuple[int, int],
    source: str,
    banks: tuple[Path, ...],
) -> None:
    """Enlarge an ordinary picture, one without a record.

    \b
    raisr upscale photo.png -o big.png --scale 2
    raisr upscale photo.jpg -o big.png --scale 3840x2160
    """
    keep_apart(photo, output)
    data = read_file(photo)
    picture = decode_picture(data, photo.name).pixels
    small = picture.shape[:2]
    if isinstance(scale, tuple):
        scale = min(Fraction(frame, size) for frame, size in zip(scale, small, strict=True))
    compressed = source == "compressed" or (source == "auto" and data.startswith(JPEG_START))
    shape = scaled_shape(small, scale)
    big = upscaling.upscale(picture, shape, compressed, BankStore(banks))
    write_whole(output, save_png(big))
    click.echo(f"{output}: {big.shape[1]} x {big.shape[0]}")


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    help="Also draw a bank's trees and filters, as this PNG file.",
)
def info(file: Path, as_json: bool, plot: Path | None) -> None:
    """Tell what the record of a payload says, or what a bank holds.

    \b
    raisr info small.jpg
    raisr info my.bank --plot filters.png
    """
    data = read_file(file)
    if plot is not None:
        if not data.startswith(MAGIC):
            raise click.BadParameter(f"{file} is no bank", param_hint="--plot")
        keep_apart(file, plot)
        write_whole(plot, plot_bank(read_bank(file)))
    facts = bank_facts(read_bank(file)) if data.startswith(MAGIC) else payload_facts(data)
    facts = {"file": file.name, "bytes": len(data), **facts}
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    for name, value in facts.items():
        click.echo(f"{name:14} {value}")


@main.command()
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Bank file, or a folder where banks are named by their ids.",
)
@click.option("--base", type=click.Choice(BASES), default="jpeg", help="Base codec.")
@click.option(
    "--scale",
    "scales",
    type=ScaleRange(),
    default="2",
    show_default=True,
    help="Output size / base size: 1, 3/2, 2, 5/2, 3 or 4; with upsample-first any, or a range.",
)
@click.option(
    "--mode",
    type=click.Choice(["direct", "upsample-first"]),
    default="direct",
    show_default=True,
    help="Let the first filters enlarge, or filter after a bicubic resize, which serves any scale.",
)
@click.option(
    "--quality",
    "qualities",
    type=QualityRange(),
    multiple=True,
    default=["20-60"],
    show_default=True,
    help="Quality of the base codec: one, or a range that the photographs are spread over. Several "
    "give a bank each; they share their trees, so that they take less time than one by one.",
)
@click.option(
    "--stages",
    type=click.IntRange(1, MAX_FILTER_STAGES),
    default=1,
    show_default=True,
    help="Passes of filters over the picture; each mends what the ones before it left.",
)
@click.option(
    "--buckets",
    type=Buckets(),
    default=64,
    show_default=True,
    help="Filters of each stage, a power of two: the leaves of the tree that chooses among them.",
)
@click.option(
    "--min-gain",
    type=float,
    help="Leave out further stages that gain less on the photographs held back, in dB.",
)
@click.option(
    "--sharpen",
    type=click.FloatRange(0, 4),
    default=0.0,
    show_default=True,
    help="Aim at sharpened photographs: crisper, and further from the original.",
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
    help="Spread qualities, scales and the photographs held back in another way.",
)
@click.option(
    "--work",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep unfinished work below this folder; by default in the user's cache. It needs a few "
    "times the space of the photographs' pixels until the bank is written.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Let the workers of this Dask scheduler (tcp://host:8786) help. Photographs and --work "
    "must lie on storage that all workers share, under the same paths; start the workers with "
    "--nthreads 1.",
)
@click.option("--jobs", type=click.IntRange(min=1), default=os.cpu_count() or 1, help="Processes.")
def train(
    photos: tuple[Path, ...],
    output: Path,
    base: str,
    scales: tuple[Fraction, Fraction],
    mode: str,
    qualities: tuple[tuple[int, int], ...],
    stages: int,
    buckets: int,
    min_gain: float | None,
    sharpen: float,
    blend: int,
    ridge: float,
    seed: int,
    work: Path | None,
    scheduler: str | None,
    jobs: int,
) -> None:
    """Train filter banks on photographs (or on folders of them).

    The photographs are reduced and sent through the base codec; the filters learn to bring them
    back. Each bank's provenance is written beside it. Of ten photographs one is held back, to
    measure on it what each stage gains.

    When training is interrupted, the same command goes on from there. Who does the work does not
    change a bank.

    \b
    raisr train photographs/ -o my.bank --base jpeg --scale 2 --quality 30-50
    raisr train photographs/ -o banks/ --base webp --quality 5-39 --quality 40-69
    raisr train /mnt/photographs -o banks/ --work /mnt/work --scheduler tcp://host:8786
    """
    upsample_first = mode == "upsample-first"
    if not upsample_first and not (scales[0] == scales[1] and scales[0] * CELL in BLOCKS):
        raise click.BadParameter(
            "a direct bank serves 1, 3/2, 2, 5/2, 3 or 4; --mode upsample-first serves any scale",
            param_hint="--scale",
        )
    if len(qualities) > 1 and output.is_file():
        raise click.BadParameter(
            f"{output} is a file; several banks need a folder", param_hint="-o"
        )
    several = len(qualities) > 1 or output.is_dir()
    depths = (buckets.bit_length() - 1,) * stages
    settings = Settings(
        base, scales, upsample_first, qualities, depths, sharpen, blend, min_gain, ridge, seed
    )
    found = find_photographs(photos)
    work = work or unfinished_trainings()
    with provenance.measured() as cost, progress_bar() as progress:
        trained = training.train(found, settings, jobs, progress, work, scheduler)
    write_banks(output, several, trained, settings, photos, cost)
    fail_with(trained.unreadable)


@main.command("train-shipped")
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the banks; trainings whose banks are there are not repeated.",
)
@click.option("--jobs", type=click.IntRange(min=1), default=os.cpu_count() or 1, help="Processes.")
def train_shipped(photos: tuple[Path, ...], output: Path, jobs: int) -> None:
    """Train all banks that come with raisr anew, on photographs (or on folders of them).

    About twenty trainings, one after the other. When they are interrupted, the same command goes
    on from there. A note on what all of them took is written beside the banks.

    \b
    raisr train-shipped photographs/ -o banks/
    """
    found = find_photographs(photos)
    unreadable: list[RaisrError] = []
    for settings in shipped():
        if provenance.holds(output, settings):
            continue
        scales = "-".join(sorted({str(scale) for scale in settings.scales}))
        click.echo(f"base {settings.base}, scale {scales}")
        with provenance.measured() as cost, progress_bar() as progress:
            trained = training.train(found, settings, jobs, progress, unfinished_trainings())
        write_banks(output, True, trained, settings, photos, cost)
        unreadable = trained.unreadable
    total = provenance.summary(output)
    write_whole(output / provenance.SUMMARY, total.encode())
    click.echo(total)
    fail_with(unreadable)


@main.command()
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--scale",
    type=Factor(),
    default="2",
    show_default=True,
    help="How much smaller the pictures are made, and enlarged again: 2, 3/2, 1.37.",
)
@click.option(
    "--bank",
    "bank_file",
    type=click.Path(path_type=Path),
    help="A bank file; by default the one for clean pictures that comes with raisr.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON; null is an infinite PSNR.")
def evaluate(
    photos: tuple[Path, ...], scale: Fraction, bank_file: Path | None, as_json: bool
) -> None:
    """Measure how well pictures (or folders of them) are enlarged, beside bicubic interpolation.

    The protocol of the super-resolution papers: the luma of each picture is reduced with the
    bicubic filter, enlarged again, and compared with what it was, as PSNR in dB, a border aside.
    Leave out pictures that the bank was trained on.

    \b
    raisr evaluate Set5/
    raisr evaluate Set5/ --scale 3 --json
    raisr evaluate Set5/ --bank my.bank
    """
    bank = BankStore().choose_any("png", scale, 100) if bank_file is None else read_bank(bank_file)
    evaluation.check_scale(bank, scale)
    found = find_photographs(photos)
    scores: list[evaluation.Score] = []
    failures: list[RaisrError] = []
    with progress_bar() as progress:
        for number, photo in enumerate(found):
            progress("evaluating", number, len(found))
            try:
                scores.append(evaluation.evaluate(photo, scale, bank))
            except RaisrError as error:
                failures.append(error)
        progress("evaluating", len(found), len(found))
    if as_json:
        click.echo(json.dumps(score_facts(scores), indent=2))
    elif scores:
        show(score_table(scores, scale))
    fail_with(failures)


@main.command()
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="An HTML file."
)
@bank_option
@click.option("--json", "as_json", is_flag=True, help="Also print all figures as JSON.")
@click.option("--jobs", type=click.IntRange(min=1), default=os.cpu_count() or 1, help="Processes.")
def compare(
    photos: tuple[Path, ...], output: Path, banks: tuple[Path, ...], as_json: bool, jobs: int
) -> None:
    """Show photographs (or folders of them) as raisr sends them, beside plain JPEG, WebP and AVIF.

    The report is one HTML file: curves of bytes against quality, Bjontegaard deltas, and crops of
    files of the same size. A photograph of 1.5 megapixels takes several minutes.

    \b
    raisr compare photo.jpg -o report.html
    raisr compare photographs/ -o report.html --json > figures.json
    """
    store = BankStore(banks)
    fit: list[Path] = []
    failures: list[RaisrError] = []
    for photo in dict.fromkeys(find_photographs(photos)):
        keep_apart(photo, output)
        try:
            comparing.check_photo(photo)
            fit.append(photo)
        except RaisrError as error:
            failures.append(error)
    if fit:
        check_writable(output)
        with progress_bar() as progress:
            comparisons = comparing.compare(fit, store, jobs, progress)
        write_whole(output, render(comparisons, store).encode())
        if as_json:
            click.echo(json.dumps(comparison_facts(comparisons), indent=2))
        else:
            show(delta_table(comparisons))
            click.echo(f"{output}: {len(comparisons)} photographs")
    fail_with(failures)


# --- helpers ----------------------------------------------------------------------------------


def show(table: Table) -> None:
    """Print a table, as wide as the terminal; 120 columns where there is none."""
    Console(width=None if Console().is_terminal else 120).print(table)


@contextmanager
def progress_bar() -> Iterator[Report]:
    """A bar on standard error, one line for each step."""
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


def unfinished_trainings() -> Path:
    return platformdirs.user_cache_path("raisr") / "training"


def write_banks(
    output: Path,
    several: bool,
    trained: training.Trained,
    settings: Settings,
    sources: Sequence[Path],
    cost: provenance.Cost,
) -> None:
    """Write banks, and their provenance beside them, and tell what was gained.

    Several banks go into a folder, `output`, named by their ids.
    """
    for made in trained.banks:
        target = output / f"{made.bank.id}.bank" if several else output
        data = save(made.bank)
        write_whole(target, data)
        note = provenance.describe(made, trained, settings, sources, cost)
        write_whole(target.with_suffix(".json"), note.encode())
        show(training_table(made, trained.held_back))
        click.echo(f"{target}: {len(data):,} bytes, {trained.photographs} photographs")
    trained.work.remove()


def training_table(made: training.TrainedBank, held_back: int) -> Table:
    """What each stage gains on the photographs held back, and how well its buckets are filled."""
    quality = "{}-{}".format(*made.bank.quality)
    table = Table("", title=f"quality {quality}, {held_back} photographs held back", box=None)
    for heading in ("luma PSNR", "gain", "buckets", f"with fewer than {training.SPARSE} cells"):
        table.add_column(heading, justify="right")
    filters = [stage for stage in made.bank.stages if isinstance(stage, FilterStage)]
    buckets = {
        f"stage {number}": (str(stage.tree.leaves), str(sparse))
        for number, (stage, sparse) in enumerate(zip(filters, made.sparse, strict=True), start=1)
    }
    alone = made.psnr.get(training.ALONE, 0.0)
    for name in made.psnr or buckets:
        level = made.psnr.get(name)
        gain = ("", "") if level is None else (f"{level:.2f} dB", f"{level - alone:+.2f} dB")
        absent = "left out" if name.startswith("stage") else ""
        table.add_row(name, *gain, *buckets.get(name, (absent, "")))
    return table


def base_for(file: Path, base: str) -> str:
    """The base codec that the suffix of a payload names, unless another one is asked for."""
    suffixes = {codec.suffix: codec.name for codec in base_codecs()} | {".jpeg": "jpeg"}
    named = suffixes.get(file.suffix.lower())
    if named is None:
        raise click.BadParameter(
            f"{file} ends in none of {', '.join(suffixes)} (for a folder, make it first)",
            param_hint="-o",
        )
    if base not in ("auto", named):
        raise click.BadParameter(f"{file} is no name for base {base}", param_hint="-o")
    return named


@contextmanager
def savings_bar(photos: int) -> Iterator[Callable[[Encoded | Failed], None]]:
    """A bar on standard error, with the bytes that payloads save so far."""
    columns = TextColumn("encoding"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    saved = TextColumn("{task.fields[saved]}")
    with Progress(*columns, saved, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("encoding", total=photos, saved="")
        total = 0

        def report(result: Encoded | Failed) -> None:
            nonlocal total
            if isinstance(result, Encoded):
                total += result.photo_bytes - result.bytes
            bar.update(task, advance=1, saved=f"{filesize.decimal(max(0, total))} saved")

        yield report


def encoding_table(encoded: list[Encoded]) -> Table:
    """A row for each payload, and one of sums."""
    table = Table("photograph", box=None)
    for heading in ("bytes", "payload", "share", "base", "scale", "quality", "score", "luma PSNR"):
        table.add_column(heading, justify="right")
    for each in encoded:
        table.add_row(
            Path(each.photo).name,
            f"{each.photo_bytes:,}",
            f"{each.bytes:,}",
            f"{each.bytes / each.photo_bytes:.1%}",
            each.base,
            each.scale,
            f"{each.quality:g}",
            f"{each.score:.2f}",
            f"{each.psnr:.2f} dB",
            "unchanged" if each.unchanged else "",
        )
    before, after = sum_of_bytes(encoded)
    table.add_row("sum", f"{before:,}", f"{after:,}", f"{after / before:.1%}")
    return table


def encoding_facts(encoded: list[Encoded], failed: list[Failed]) -> dict[str, Any]:
    """What `encode --json` prints; JSON knows no infinity."""
    before, after = sum_of_bytes(encoded)
    return {
        "photographs": [
            asdict(each)
            | {"share": each.bytes / each.photo_bytes}
            | {"psnr": each.psnr if math.isfinite(each.psnr) else None}
            for each in encoded
        ],
        "failures": [{"photo": each.photo, "error": str(each.error)} for each in failed],
        "totals": {
            "encoded": sum(not each.unchanged for each in encoded),
            "unchanged": sum(each.unchanged for each in encoded),
            "failed": len(failed),
            "photo_bytes": before,
            "bytes": after,
            "share": after / before if before else None,
        },
    }


def sum_of_bytes(encoded: list[Encoded]) -> tuple[int, int]:
    """Of photographs and of their payloads."""
    return sum(each.photo_bytes for each in encoded), sum(each.bytes for each in encoded)


def engine_named(name: str) -> Engine:
    return kernels.engine() if name == "numba" else NUMPY


def score_facts(scores: list[evaluation.Score]) -> dict[str, Any]:
    """What `evaluate --json` prints; JSON knows no infinity."""

    def facts(score: evaluation.Score) -> dict[str, float | None]:
        return {"psnr": finite(score.psnr), "bicubic_psnr": finite(score.bicubic_psnr)}

    return {
        "mean": facts(evaluation.mean_score(scores)) if scores else None,
        "pictures": [{"name": score.name, **facts(score)} for score in scores],
    }


def finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def score_table(scores: list[evaluation.Score], scale: Fraction) -> Table:
    """A row for each picture, and one of means."""
    table = Table(f"PSNR (dB) at scale {scale}", box=None)
    for heading in ("bicubic", "raisr", "gain"):
        table.add_column(heading, justify="right")
    for score in (*scores, evaluation.mean_score(scores)):
        gain = score.psnr - score.bicubic_psnr
        table.add_row(score.name, f"{score.bicubic_psnr:.2f}", f"{score.psnr:.2f}", f"{gain:+.2f}")
    return table


def comparison_facts(comparisons: list[comparing.Comparison]) -> dict[str, Any]:
    """What `compare --json` prints; JSON knows neither infinity nor NaN."""

    def deltas(chosen: list[comparing.Comparison]) -> list[dict[str, Any]]:
        return [
            {"method": method, "against": rival}
            | {metric: finite(delta) for metric, delta in zip(METRICS, values, strict=True)}
            for method, rival, values in comparing.delta_rows(chosen)
        ]

    def files(coded: dict[float, comparing.Coded]) -> list[dict[str, Any]]:
        return [
            {"bytes": len(each.file), "base": each.base, "scale": str(each.scale)}
            | {"quality": each.quality}
            | {name: finite(value) for name, value in asdict(each.point).items()}
            for each in coded.values()
        ]

    return {
        "bd_rate": deltas(comparisons),
        "photographs": [
            {
                "photo": str(each.photo),
                "bd_rate": deltas([each]),
                "files": {method: files(coded) for method, coded in each.coded.items()},
            }
            for each in comparisons
        ],
    }


def delta_table(comparisons: list[comparing.Comparison]) -> Table:
    """A row for each method of raisr and each plain codec that it is held against."""
    title = "bytes for the same quality, in percent (BD-rate; negative is better)"
    table = Table("", "against", title=title, box=None)
    for name in METRICS.values():
        table.add_column(name, justify="right")
    for method, rival, values in comparing.delta_rows(comparisons):
        table.add_row(method, rival, *(f"{value:+.1f}" for value in values))
    return table


def payload_facts(data: bytes) -> dict[str, Any]:
    record = parse(data)
    facts = {"width": record.width, "height": record.height, "bank": record.bank}
    return facts | {"psnr": record.psnr, "score": record.score}


def bank_facts(bank: Bank) -> dict[str, Any]:
    return {
        "id": bank.id,
        "base": bank.base,
        "scale": str(bank.scale or "any"),
        "quality": "{}-{}".format(*bank.quality),
        "stages": [stage_words(stage) for stage in bank.stages],
    }


def stage_words(stage: Stage) -> str:
    match stage:
        case FilterStage():
            return f"{stage.tree.leaves} buckets, blocks of {stage.block}"
        case ResizeStage((lowest, highest)):
            return f"bicubic resize, for scales {lowest}-{highest}"
        case BlendStage(strength):
            return f"blend of strength {strength}"


def fail_with(failures: list[RaisrError]) -> None:
    """Name each file that failed; the others are done by then."""
    for failure in failures:
        click.echo(f"Error: {failure}", err=True)
    if failures:
        raise SystemExit(1)
