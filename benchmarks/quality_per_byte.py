"""Quality per byte over folders of photographs.

python benchmarks/quality_per_byte.py FOLDER... --work cache --json figures.json --plot curves.png

Prints Bjontegaard deltas of raisr against plain codecs (`raisr.evaluation.comparison` describes them) for
each folder and as their mean; the bytes that `auto` needs for the SSIMULACRA2 that a plain JPEG of
100 KB has, for photographs of 1500 x 1000 pixels; and wherever a plain codec was better at the same
bytes. What was measured is kept in the work folder, so the same command goes on after an
interruption; other code or other banks start anew.

SSIMULACRA2 comes from the package `ssimulacra2`. In 36 files of 6 photographs it deviates from the
reference implementation (libjxl 0.11.2) by -0.7 in the mean, by -2.0 to +0.2 above a score of 30
and by -5.2 to +0.1 below. It underrates files with blocks, which flatters those without. So
`--ssimulacra2 PROGRAM` judges the same files by that implementation.
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
from raisr.cli import comparison_facts, progress_bar
from raisr.evaluation.comparison import (
    BASELINES,
    METRICS,
    RATES,
    Coded,
    Comparison,
    arrived,
    compare,
    mean_curve,
    mean_delta,
    methods,
    plain_codecs,
    received,
    send,
    send_photo,
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
    parser.add_argument("--work", type=Path, default=Path(".cache/quality_per_byte"))
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--plot", type=Path, help="draw the mean curves, as this PNG file")
    parser.add_argument("--ssimulacra2", metavar="PROGRAM", help="judge by libjxl's program")
    options = parser.parse_args()

    count, rates = (1, QUICK_RATES) if options.quick else (None, options.rates)
    folders = {
        folder.name: [photo.resolve() for photo in find_photographs([folder])[:count]]
        for folder in options.folders
    }
    memory = joblib.Memory(options.work / version(), verbose=0)
    photos = [photo for there in folders.values() for photo in there]
    jobs = os.cpu_count() or 1
    with progress_bar() as progress:
        remembered = memory.cache(send_photo, ignore=["banks"])
        found = compare(photos, BankStore(), jobs, progress, rates, remembered)
    with open_executor(jobs, scheduler=None) as executor:
        large = [(photo,) for photo in photos if read_photo(photo).shape[:2] in HEADLINE_SHAPES]
        cases = list(executor.map(memory.cache(headline), large))
        if options.ssimulacra2:
            judge = memory.cache(judged)
            found = rejudged(found, executor, judge, options.ssimulacra2)
            cases = rejudged(cases, executor, judge, options.ssimulacra2)

    print_deltas(
        {name: [each for each in found if each.photo in there] for name, there in folders.items()}
    )
    print_headlines(cases)
    print_defeats(found)
    if options.json:
        options.json.write_text(json.dumps(comparison_facts(found), indent=2))
    if options.plot:
        plot(found, options.plot)


def version() -> str:
    """A name for the code and the banks at hand."""
    digest = blake2b(digest_size=8)
    for package in (raisr_decoder, raisr):
        for source in sorted(Path(package.__path__[0]).rglob("*")):
            if source.suffix in (".py", ".bank"):
                digest.update(source.read_bytes())
    return digest.hexdigest()


# --- measuring --------------------------------------------------------------------------------


def headline(source: Path) -> Comparison:
    """A plain JPEG of so many bytes, and a payload that is as good."""
    banks = BankStore()
    photo = read_photo(source)
    (jpeg,) = send(photo, "JPEG", [HEADLINE_SIZE], banks)
    found = search(photo, Settings("auto", target_score=jpeg.point.score), banks)
    coded = {"JPEG": jpeg, "raisr auto": received(found, photo, banks)}
    return Comparison(source, {method: {each.point.rate: each} for method, each in coded.items()})


def rejudged(
    comparisons: list[Comparison], executor: Executor, judge: Callable[..., Any], program: str
) -> list[Comparison]:
    """The same files with the scores that a program gives them."""
    tasks = [(each.photo, *files) for each in comparisons for files in each.coded.items()]
    results = executor.map(judge, tasks, program)
    return [
        Comparison(each.photo, {method: next(results) for method in each.coded})
        for each in comparisons
    ]


def judged(
    source: Path, method: str, files: dict[float, Coded], program: str
) -> dict[float, Coded]:
    """Files of one photograph with the scores that a program gives them."""
    scored = {}
    with TemporaryDirectory() as folder:
        original, picture = Path(folder, "original.png"), Path(folder, "picture.png")
        original.write_bytes(save_png(read_photo(source)))
        for rate, coded in files.items():
            picture.write_bytes(save_png(arrived(coded, method, BankStore())))
            command = [program, str(original), str(picture)]
            score = float(subprocess.run(command, capture_output=True, check=True).stdout)
            scored[rate] = replace(coded, point=replace(coded.point, score=score))
    return scored


# --- showing ----------------------------------------------------------------------------------


def print_deltas(folders: dict[str, list[Comparison]]) -> None:
    """BD-rates: a row for each method, baseline and metric, a column for each folder."""
    print("| BD-rate (%) | against | metric |", " | ".join(folders), "| mean | of a picture |")
    print("|---|---|---|" + "---:|" * (len(folders) + 2))
    everything = [each for found in folders.values() for each in found]
    for method, baselines in BASELINES.items():
        for baseline in baselines:
            for metric, name in METRICS.items():
                means = [mean_delta(each, method, baseline, metric) for each in folders.values()]
                single = [mean_delta([each], method, baseline, metric) for each in everything]
                cells = " | ".join(f"{delta:+.1f}" for delta in (*means, mean(means)))
                extremes = f"{min(single):+.1f} .. {max(single):+.1f}"
                print(f"| {method} | {baseline} | {name} | {cells} | {extremes} |")


def print_headlines(cases: list[Comparison]) -> None:
    """Bytes for the same SSIMULACRA2: a row for each photograph."""
    if not cases:
        return
    print("\n| photograph | JPEG, bytes | SSIMULACRA2 | auto, bytes | SSIMULACRA2 | sent as |")
    print("|---|---:|---:|---:|---:|---|")
    sizes = []
    for case in cases:
        jpeg, auto = (only for files in case.coded.values() for only in files.values())
        sizes.append(len(auto.file))
        print(
            f"| {case.photo.stem} | {len(jpeg.file):,} | {jpeg.point.score:.1f} "
            f"| {len(auto.file):,} | {auto.point.score:.1f} | {auto.base}, scale {auto.scale} |"
        )
    print(f"| mean | | | {mean(sizes):,.0f} | | |")


def print_defeats(comparisons: list[Comparison]) -> None:
    """Wherever a plain codec has the higher SSIMULACRA2 within the same bytes."""
    points, defeats = 0, []
    for each in comparisons:
        for method in BASELINES:
            baselines = plain_codecs() if method == "raisr auto" else BASELINES[method]
            for rate in sorted({rate for baseline in baselines for rate in each.coded[baseline]}):
                points += 1
                plain = [each.coded[baseline].get(rate) for baseline in baselines]
                best = max(coded.point.score for coded in plain if coded)
                ours = each.coded[method].get(rate)
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
