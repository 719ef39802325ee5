"""A command whose packages are not installed names the extra that installs them."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

from raisr.extras import EXTRAS
from raisr_decoder.bank import save
from support import SAMPLES, random_bank

PYPROJECT = Path(__file__).parents[2] / "encoder" / "pyproject.toml"
PHOTO = SAMPLES / "two-dogs.jpg"
COMMANDS: dict[str, list[object]] = {
    "train": ["train", PHOTO, "-o", "my.bank"],
    "train-shipped": ["train-shipped", PHOTO, "-o", "banks"],
    "evaluate": ["evaluate", PHOTO],
    "compare": ["compare", PHOTO, "-o", "report.html"],
    "info --plot": ["info", "my.bank", "--plot", "filters.png"],
}


RUN_WITHOUT = """
import json, sys
sys.modules[sys.argv[1]] = None
from click.testing import CliRunner
from raisr.cli import main
results = [CliRunner().invoke(main, arguments) for arguments in json.loads(sys.argv[2])]
print(json.dumps([(result.exit_code, result.output) for result in results]))
"""
"""Runs commands in a process that has imported nothing before, where a module is missing."""


def errors_without(module: str, folder: Path, commands: list[list[object]]) -> list[str]:
    """What calls of `raisr` end in where a module cannot be imported."""
    arguments = json.dumps(commands, default=str)
    script = [sys.executable, "-c", RUN_WITHOUT, module, arguments]
    done = subprocess.run(script, capture_output=True, text=True, cwd=folder, check=True)
    codes, errors = zip(*json.loads(done.stdout), strict=True)
    assert set(codes) == {1}
    return list(errors)


def test_the_extras_are_those_of_the_distribution() -> None:
    declared = tomllib.loads(PYPROJECT.read_text())["project"]["optional-dependencies"]
    for extra, modules in EXTRAS.items():
        assert [line.partition(">=")[0] for line in declared[extra]] == list(modules.values())


def test_a_missing_package_ends_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "my.bank").write_bytes(save(random_bank(1)))
    errors = errors_without("skimage", tmp_path, list(COMMANDS.values()))
    sentence = "Error: this needs scikit-image: pip install 'raisr[train]'\n"
    assert dict(zip(COMMANDS, errors, strict=True)) == dict.fromkeys(COMMANDS, sentence)


def test_a_scheduler_needs_dask(tmp_path: Path) -> None:
    options = ("--checkpoints", tmp_path, "--scheduler", "tcp://127.0.0.1:9")
    (error,) = errors_without("distributed", tmp_path, [[*COMMANDS["train"], *options]])
    assert error == "Error: this needs distributed: pip install 'raisr[distributed]'\n"


def test_encoding_needs_no_extra() -> None:
    script = (
        "import sys, raisr.evaluation.metrics; "
        "print({'skimage', 'scipy', 'matplotlib', 'threadpoolctl'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "set()\n"
