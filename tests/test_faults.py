"""Commands that are killed or run out of space: a few of them; more by `tests/faults.py`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from random import Random

import pytest

from faults import Made, Task, full_disk, killed, tasks, undisturbed

pytestmark = pytest.mark.slow

NAMES = ["encode", "export", "train"]


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Task]:
    return {task.name: task for task in tasks(tmp_path_factory.mktemp("commands"))}


@pytest.fixture(scope="module", params=NAMES)
def made(commands: dict[str, Task], request: pytest.FixtureRequest) -> tuple[Task, Made]:
    """A command, and what it makes."""
    task = commands[request.param]
    return task, undisturbed(task)


@pytest.fixture
def task(made: tuple[Task, Made]) -> Iterator[Task]:
    """A command that has not been run."""
    yield made[0]
    shutil.rmtree(made[0].folder)


def test_what_is_killed_leaves_nothing_half_written_and_can_be_run_again(
    task: Task, made: tuple[Task, Made]
) -> None:
    killed(task, made[1], 2, Random(1))


def test_a_full_disk_is_reported_and_leaves_nothing_half_written(
    task: Task, made: tuple[Task, Made]
) -> None:
    full_disk(task, made[1])
