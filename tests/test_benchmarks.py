"""Benchmarks run, on images so small that their figures mean nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from raisr.evaluation.comparison import BASELINES, METRICS
from raisr.images.reading import read_photo
from raisr.images.writing import save_png
from support import SAMPLES

pytestmark = pytest.mark.slow

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def test_quality_per_byte_goes_on_where_it_was_and_takes_scores_of_a_program(
    tmp_path: Path,
) -> None:
    folder, figures = tmp_path / "dogs", tmp_path / "figures.json"
    checkpoints = tmp_path / "checkpoints"
    folder.mkdir()
    crop = read_photo(SAMPLES / "two-dogs.jpg")[340:404, 290:370]
    (folder / "dog.png").write_bytes(save_png(crop))
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho 42.5\n")
    program.chmod(0o755)

    def run(*options: str | Path) -> str:
        script = BENCHMARKS / "quality_per_byte.py"
        command = [
            sys.executable,
            script,
            folder,
            "--quick",
            "--checkpoints",
            checkpoints,
            *options,
        ]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    table = run("--json", figures, "--plot", tmp_path / "curves.png")
    assert table.count("| raisr jpeg | JPEG |") == len(METRICS)
    assert "Plain was better at" in table
    assert read_photo(tmp_path / "curves.png").shape[1] == 1200
    measured = set(checkpoints.rglob("measure_rates/**/output.pkl"))
    assert measured

    again = run("--ssimulacra2", program, "--json", figures)
    assert set(checkpoints.rglob("measure_rates/**/output.pkl")) == measured
    for name in ("PSNR-Y", "SSIM"):
        assert rows(again, name) == rows(table, name)
    (facts,) = json.loads(figures.read_text())["photographs"]
    assert {file["score"] for method in BASELINES for file in facts["files"][method]} == {42.5}


def rows(table: str, metric: str) -> list[str]:
    return [line for line in table.splitlines() if f"| {metric} |" in line]
