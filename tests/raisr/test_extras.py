"""A command whose packages are not installed names the extra that installs them."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from raisr.extras import EXTRAS
from support import SAMPLES

PYPROJECT = Path(__file__).parents[2] / "encoder" / "pyproject.toml"
PHOTO = SAMPLES / "two-dogs.jpg"
COMMANDS = {
    "train": ["train", PHOTO, "-o", "my.bank"],
    "train-shipped": ["train-shipped", PHOTO, "-o", "banks"],
    "evaluate": ["evaluate", PHOTO],
    "compare": ["compare", PHOTO, "-o", "report.html"],
    "info --plot": ["info", "my.bank", "--plot", "filters.png"],
}


def without(module: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """`raisr` where a module cannot be imported."""
    script = (
        f"import sys; sys.modules[{module!r}] = None; sys.argv[0] = 'raisr'; "
        "from raisr.cli import main; main()"
    )
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_extras_are_those_of_the_distribution() -> None:
    declared = tomllib.loads(PYPROJECT.read_text())["project"]["optional-dependencies"]
    for extra, modules in EXTRAS.items():
        assert [line.partition(">=")[0] for line in declared[extra]] == list(modules.values())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_missing_package_ends_in_a_sentence(name: str, tmp_path: Path) -> None:
    bank = tmp_path / "my.bank"
    bank.write_bytes(b"RAISRBNK")
    paths = {"my.bank": bank, "banks": tmp_path / "banks"}
    arguments = [paths.get(str(each), each) for each in COMMANDS[name]]
    done = without("skimage", *arguments)
    assert done.returncode == 1
    assert done.stderr == "Error: this needs scikit-image: pip install 'raisr[train]'\n"


def test_a_scheduler_needs_dask(tmp_path: Path) -> None:
    options = ("--checkpoints", tmp_path, "--scheduler", "tcp://127.0.0.1:9")
    done = without("distributed", "train", PHOTO, "-o", tmp_path / "my.bank", *options)
    assert done.returncode == 1
    assert done.stderr == "Error: this needs distributed: pip install 'raisr[distributed]'\n"


def test_encoding_needs_no_extra() -> None:
    script = (
        "import sys, raisr.evaluation.metrics; "
        "print({'skimage', 'scipy', 'matplotlib', 'threadpoolctl'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "set()\n"
