"""Commands that are killed or run out of space: a few of them; more by `tests/faults.py`."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from faults import full_disk, killed, tasks

pytestmark = pytest.mark.slow


NAMES = "encode", "export", "train"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_killed_leaves_nothing_half_written_and_can_be_run_again(
    name: str, tmp_path: Path
) -> None:
    task = next(task for task in tasks(tmp_path) if task.name == name)
    killed(task, 2, Random(1))


@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_is_reported_and_leaves_nothing_half_written(name: str, tmp_path: Path) -> None:
    task = next(task for task in tasks(tmp_path) if task.name == name)
    full_disk(task)
