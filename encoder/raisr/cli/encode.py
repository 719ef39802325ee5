"""`raisr encode`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from raisr.cli.options import Scale, Size, bank_option, files_argument, jobs_option
from raisr.cli.output import fail_with, finite, progress_bar, show, warn
from raisr.formats import format_named
from raisr.search.settings import DEFAULT_SCORE, Settings
from raisr_decoder.bank import BASES
from raisr_decoder.shapes import SCALES

if TYPE_CHECKING:
    from rich.table import Table

    from raisr.batch import EncodedFile, Failed


@click.command()
@files_argument("photos")
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
    type=Scale(*SCALES, form="auto"),
    default="auto",
    show_default=True,
    help="Output size / base size: 1, 3/2, 2, 5/2, 3 or 4; auto: the best.",
)
@click.option("--target-size", type=Size(), help="Largest payload; the best that fits.")
@click.option(
    "--target-score",
    type=click.FloatRange(max=100),
    help="Lowest SSIMULACRA2 of the output image, in the fewest bytes: 30 is low, 50 medium, "
    f"70 high quality, 90 like the photograph.  [default without another aim: {DEFAULT_SCORE:g}]",
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
    default=Settings.effort,
    show_default=True,
    help="How much is tried: 1, the two likeliest scales of each base codec; 2, up to four, and "
    "the two best of them with care; 3, all of them with care, which takes several times as long.",
)
@bank_option
@jobs_option
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Let the workers of this Dask scheduler (tcp://host:8786) encode. Photographs and banks "
    "must lie on storage that all workers share, under the same paths.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
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
    """Make payloads of photographs, or of folders of them.

    A payload is an ordinary image, mostly smaller than the photograph, with metadata that says
    how to decode it to the photograph's size. Any viewer opens it. Base codec, scale, quality and
    filters are searched for each photograph; the plain codec at scale 1 is always tried, too.

    A photograph whose payload is there already, made with the same settings and banks, is left as
    it is.

    \b
    raisr encode photo.jpg -o small.avif --target-size 25KB
    raisr encode photographs/ -o payloads/ --target-score 60
    raisr encode photo.jpg --base jpeg --scale 2 --quality 40
    """
    from raisr.bank_store import BankStore
    from raisr.batch import EncodedFile, EncodeJob, encode_all, photographs_in, plan_jobs
    from raisr.executor import open_executor

    found = photographs_in(photos)
    if output and output.suffix and not output.is_dir() and found == list(photos)[:1]:
        base = base_for(output, base)
        encode_jobs = [EncodeJob(photos[0], output.with_suffix(""), output.suffix)]
    else:
        encode_jobs = plan_jobs(found, photos, output)
    settings = Settings(base, scale, quality, target_size, target_score, effort)
    store = BankStore(banks)
    encoded: list[EncodedFile] = []
    failed: list[Failed] = []
    with (
        open_executor(min(jobs, len(encode_jobs)), scheduler) as executor,
        savings_bar(len(encode_jobs)) as report,
    ):
        threads = max(1, jobs // len(encode_jobs))
        for result in encode_all(encode_jobs, settings, store, executor, threads):
            report(result)
            if isinstance(result, EncodedFile):
                encoded.append(result)
            else:
                failed.append(result)
    if as_json:
        click.echo(json.dumps(encoding_facts(encoded, failed), indent=2))
    elif encoded:
        show(encoding_table(encoded))
    for each in encoded:
        warn(each.photo, each.lost)
    fail_with([each.error for each in failed])


def base_for(file: Path, base: str) -> str:
    """The base codec that the suffix of a payload names, unless another one is asked for."""
    suffixes = {suffix: base for base in BASES for suffix in format_named(base).suffixes}
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
def savings_bar(photos: int) -> Iterator[Callable[[EncodedFile | Failed], None]]:
    """Progress of encoding, with the bytes that payloads save so far."""
    from rich import filesize

    from raisr.batch import EncodedFile

    with progress_bar() as progress:
        done = saved = 0
        progress("encoding", 0, photos)

        def report(result: EncodedFile | Failed) -> None:
            nonlocal done, saved
            done += 1
            if isinstance(result, EncodedFile):
                saved += result.photo_size - result.size
            progress("encoding", done, photos, f"{filesize.decimal(max(0, saved))} saved")

        yield report


def encoding_table(files: list[EncodedFile]) -> Table:
    """A row for each payload, and one of sums."""
    from rich.table import Table

    table = Table("photograph", box=None)
    for heading in ("bytes", "payload", "share", "base", "scale", "quality", "score", "luma PSNR"):
        table.add_column(heading, justify="right")
    for each in files:
        encoded = each.encoded
        table.add_row(
            each.photo.name,
            f"{each.photo_size:,}",
            f"{each.size:,}",
            f"{each.size / each.photo_size:.1%}",
            encoded.base,
            str(encoded.scale),
            f"{encoded.quality:g}",
            f"{encoded.score:.2f}",
            f"{encoded.psnr:.2f} dB",
            "unchanged" if each.unchanged else "",
        )
    before, after = sums_of_bytes(files)
    table.add_row("sum", f"{before:,}", f"{after:,}", f"{after / before:.1%}")
    return table


def encoding_facts(files: list[EncodedFile], failed: list[Failed]) -> dict[str, Any]:
    """What `encode --json` prints; JSON knows no infinity."""
    before, after = sums_of_bytes(files)
    return {
        "photographs": [file_facts(each) for each in files],
        "failures": [{"photo": str(each.photo), "error": str(each.error)} for each in failed],
        "totals": {
            "encoded": sum(not each.unchanged for each in files),
            "unchanged": sum(each.unchanged for each in files),
            "failed": len(failed),
            "photo_bytes": before,
            "bytes": after,
            "share": after / before if before else None,
        },
    }


def file_facts(file: EncodedFile) -> dict[str, Any]:
    """What `encode --json` prints of one payload."""
    encoded = file.encoded
    return {
        "photo": str(file.photo),
        "payload": str(file.target),
        "base": encoded.base,
        "scale": str(encoded.scale),
        "quality": encoded.quality,
        "bank": encoded.bank,
        "width": encoded.metadata.width,
        "height": encoded.metadata.height,
        "photo_bytes": file.photo_size,
        "bytes": file.size,
        "share": file.size / file.photo_size,
        "score": round(encoded.score, 2),
        "psnr": finite(round(encoded.psnr, 2)),
        "lost": list(file.lost),
        "seconds": round(file.seconds, 2),
        "unchanged": file.unchanged,
    }


def sums_of_bytes(files: list[EncodedFile]) -> tuple[int, int]:
    """Of photographs and of their payloads."""
    return sum(each.photo_size for each in files), sum(each.size for each in files)
