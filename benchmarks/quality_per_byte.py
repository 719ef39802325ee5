"""Quality per byte over folders of photographs.

    python benchmarks/quality_per_byte.py FOLDER... --checkpoints DIR --json FILE --plot FILE

It prints BD-rates of raisr against plain codecs (`raisr.evaluation.bd_rate`), for each folder and
as their mean; the bytes that raisr takes for the SSIMULACRA2 of a plain JPEG of 100 KB, for
photographs of 1500 x 1000 pixels; and all points at which a plain codec was better at the same
bytes. Results are kept in the checkpoint directory, so the same command goes on after an
interruption; other code or other banks start anew.

SSIMULACRA2 comes from the package `ssimulacra2`, which deviates from the reference implementation
(docs/experiments/training.md). With `--ssimulacra2 PROGRAM` the scores of the same files come from
a program that is called with two PNG files, such as libjxl's.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

import joblib
from matplotlib.figure import Figure

import raisr
import raisr_decoder
from raisr.bank_store import BankStore
from raisr.cli.compare import comparison_facts
from raisr.cli.output import progress_bar
from raisr.evaluation.bd_rate import mean_bd_rate
from raisr.evaluation.comparison import (
    BASELINES,
    METRICS,
    RATES,
    Comparison,
    MeasuredFile,
    compare,
    mean_curve,
    measure_payload,
    measure_rates,
    measure_sizes,
    methods,
    output_image,
    plain_codecs,
)
from raisr.evaluation.report import draw, lines
from raisr.executor import Executor, open_executor
from raisr.files import find_photographs
from raisr.images.reading import read_photo
from raisr.images.writing import save_png
from raisr.search.search import search
from raisr.search.settings import Settings

QUICK_RATES = 0.125, 0.33, 1.0
HEADLINE_SHAPES = (1000, 1500), (1500, 1000)
HEADLINE_SIZE = 100_000
"""Bytes of the plain JPEG."""


def main() -> None:
    """Measure, print tables, write files."""
    parser = argparse.ArgumentParser(description="Quality per byte over folders of photographs.")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--quick", action="store_true", help="one photograph of each, three rates")
    parser.add_argument(
        "--rates", type=float, nargs="+", default=RATES, metavar="RATE", help="bits per pixel"
    )
    parser.add_argument("--checkpoints", type=Path, default=Path(".cache/quality_per_byte"))
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--plot", type=Path, help="draw the mean curves, as this PNG file")
    parser.add_argument("--ssimulacra2", metavar="PROGRAM", help="take scores from this program")
    options = parser.parse_args()

    count, rates = (1, QUICK_RATES) if options.quick else (None, options.rates)
    folders = {
        folder.name: [photo.resolve() for photo in find_photographs([folder])[:count]]
        for folder in options.folders
    }
    memory = joblib.Memory(options.checkpoints / version(), verbose=0)
    photos = [photo for of_folder in folders.values() for photo in of_folder]
    jobs = os.cpu_count() or 1
    with progress_bar() as progress:
        cached = memory.cache(measure_rates, ignore=["banks"])
        found = compare(photos, BankStore(), jobs, progress, rates, cached)
    with open_executor(jobs, scheduler=None) as executor:
        large = [(photo,) for photo in photos if read_photo(photo).shape[:2] in HEADLINE_SHAPES]
        cases = list(executor.map(memory.cache(headline), large))
        if options.ssimulacra2:
            score = memory.cache(scored)
            found = rescored(found, executor, score, options.ssimulacra2)
            cases = rescored(cases, executor, score, options.ssimulacra2)

    print_bd_rates(
        {name: [each for each in found if each.photo in of] for name, of in folders.items()}
    )
    print_headlines(cases)
    print_defeats(found)
    if options.json:
        options.json.write_text(json.dumps(comparison_facts(found), indent=2))
    if options.plot:
        plot(found, options.plot)


def version() -> str:
    """A digest of the code and of the shipped banks."""
    digest = blake2b(digest_size=8)
    for package in (raisr_decoder, raisr):
        for source in sorted(Path(package.__path__[0]).rglob("*")):
            if source.suffix in (".py", ".bank"):
                digest.update(source.read_bytes())
    return digest.hexdigest()


# --- measuring --------------------------------------------------------------------------------


def headline(source: Path) -> Comparison:
    """A plain JPEG of 100 KB, and a payload of the same SSIMULACRA2."""
    banks = BankStore()
    photo = read_photo(source)
    (jpeg,) = measure_sizes(photo, "JPEG", [HEADLINE_SIZE], banks)
    found = search(photo, Settings("auto", target_score=jpeg.point.score), banks)
    files = {"JPEG": jpeg, "raisr auto": measure_payload(found, photo, banks)}
    return Comparison(source, {method: {file.point.rate: file} for method, file in files.items()})


def rescored(
    comparisons: list[Comparison], executor: Executor, score: Callable[..., Any], program: str
) -> list[Comparison]:
    """The same files with the scores that a program gives them."""
    tasks = [(each.photo, files) for each in comparisons for files in each.files.values()]
    results = executor.map(score, tasks, program)
    return [
        Comparison(each.photo, {method: next(results) for method in each.files})
        for each in comparisons
    ]


def scored(
    source: Path, files: dict[float, MeasuredFile], program: str
) -> dict[float, MeasuredFile]:
    """Files of one photograph with the scores that a program gives them."""
    found = {}
    with TemporaryDirectory() as folder:
        reference, output = Path(folder, "reference.png"), Path(folder, "output.png")
        reference.write_bytes(save_png(read_photo(source)))
        for rate, file in files.items():
            output.write_bytes(save_png(output_image(file.encoded, BankStore())))
            command = [program, str(reference), str(output)]
            score = float(subprocess.run(command, capture_output=True, check=True).stdout)
            found[rate] = replace(file, point=replace(file.point, score=score))
    return found


# --- showing ----------------------------------------------------------------------------------


def print_bd_rates(folders: dict[str, list[Comparison]]) -> None:
    """BD-rates: a row for each method, baseline and metric, a column for each folder."""
    print("| BD-rate (%) | against | metric |", " | ".join(folders), "| mean | of one photograph |")
    print("|---|---|---|" + "---:|" * (len(folders) + 2))
    everything = [each for of_folder in folders.values() for each in of_folder]
    for method, baselines in BASELINES.items():
        for baseline in baselines:
            for metric, name in METRICS.items():
                means = [mean_bd_rate(each, method, baseline, metric) for each in folders.values()]
                single = [mean_bd_rate([each], method, baseline, metric) for each in everything]
                cells = " | ".join(f"{value:+.1f}" for value in (*means, mean(means)))
                extremes = f"{min(single):+.1f} .. {max(single):+.1f}"
                print(f"| {method} | {baseline} | {name} | {cells} | {extremes} |")


def print_headlines(cases: list[Comparison]) -> None:
    """Bytes for the same SSIMULACRA2: a row for each photograph."""
    if not cases:
        return
    print("\n| photograph | JPEG, bytes | SSIMULACRA2 | auto, bytes | SSIMULACRA2 | variant |")
    print("|---|---:|---:|---:|---:|---|")
    sizes = []
    for case in cases:
        jpeg, auto = (only for files in case.files.values() for only in files.values())
        sizes.append(len(auto.encoded.payload))
        print(
            f"| {case.photo.stem} | {len(jpeg.encoded.payload):,} | {jpeg.point.score:.1f} "
            f"| {len(auto.encoded.payload):,} | {auto.point.score:.1f} "
            f"| {auto.encoded.base}, scale {auto.encoded.scale} |"
        )
    print(f"| mean | | | {mean(sizes):,.0f} | | |")


def print_defeats(comparisons: list[Comparison]) -> None:
    """All points at which a plain codec has the higher SSIMULACRA2 within the same bytes."""
    points, defeats = 0, []
    for each in comparisons:
        for method in BASELINES:
            baselines = plain_codecs() if method == "raisr auto" else BASELINES[method]
            for rate in sorted({rate for baseline in baselines for rate in each.files[baseline]}):
                points += 1
                plain = [each.files[baseline].get(rate) for baseline in baselines]
                best = max(file.point.score for file in plain if file)
                ours = each.files[method].get(rate)
                if ours is None or ours.point.score < best:
                    lost = "no file" if ours is None else f"{ours.point.score - best:+.3f}"
                    defeats.append(f"{each.photo.stem}, {method}, {rate} bit/pixel: {lost}")
    print(f"\nPlain was better at {len(defeats)} of {points} points", *defeats, sep="\n")


def plot(comparisons: list[Comparison], target: Path) -> None:
    """Draw the mean curves."""
    curves = {method: mean_curve(comparisons, method) for method in methods()}
    figure = Figure((12, 4.4), layout="constrained")
    for axes, metric in zip(figure.subplots(1, len(METRICS)), METRICS, strict=True):
        draw(axes, curves, metric)
    names = [line.method for line in lines()]
    figure.legend(figure.axes[0].lines, names, loc="outside lower center", ncols=5, frameon=False)
    figure.savefig(target, dpi=100)


if __name__ == "__main__":
    main()
