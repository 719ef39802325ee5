"""A command whose packages are not installed names the extra that installs them."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from raisr.extras import EXTRAS
from raisr_decoder.bank import save
from support import SAMPLES, random_bank

PYPROJECT = Path(__file__).parents[2] / "encoder" / "pyproject.toml"
PHOTO = SAMPLES / "two-dogs.jpg"
COMMANDS = {
    "train": ["train", PHOTO, "-o", "my.bank"],
    "train-shipped": ["train-shipped", PHOTO, "-o", "banks"],
    "evaluate": ["evaluate", PHOTO],
    "compare": ["compare", PHOTO, "-o", "report.html"],
    "info --plot": ["info", "my.bank", "--plot", "filters.png"],
}


def error_without(module: str, folder: Path, *arguments: object) -> str:
    """What `raisr` ends in where a module cannot be imported."""
    script = (
        f"import sys; sys.modules[{module!r}] = None; sys.argv[0] = 'raisr'; "
        "from raisr.cli import main; main()"
    )
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 1
    return done.stderr.strip()


def test_the_extras_are_those_of_the_distribution() -> None:
    declared = tomllib.loads(PYPROJECT.read_text())["project"]["optional-dependencies"]
    for extra, modules in EXTRAS.items():
        assert [line.partition(">=")[0] for line in declared[extra]] == list(modules.values())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_missing_package_ends_in_a_sentence(name: str, tmp_path: Path) -> None:
    (tmp_path / "my.bank").write_bytes(save(random_bank(1)))
    error = error_without("skimage", tmp_path, *COMMANDS[name])
    assert error == "Error: this needs scikit-image: pip install 'raisr[train]'"


def test_a_scheduler_needs_dask(tmp_path: Path) -> None:
    options = ("--checkpoints", tmp_path, "--scheduler", "tcp://127.0.0.1:9")
    error = error_without("distributed", tmp_path, *COMMANDS["train"], *options)
    assert error == "Error: this needs distributed: pip install 'raisr[distributed]'"


def test_encoding_needs_no_extra() -> None:
    script = (
        "import sys, raisr.evaluation.metrics; "
        "print({'skimage', 'scipy', 'matplotlib', 'threadpoolctl'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "set()\n"
