"""Interrupted training goes on where it was, and ends in the same bank."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from raisr.errors import CheckpointsInUse
from raisr.training.checkpoints import CheckpointDirectory
from raisr.training.train import train
from raisr_decoder.bank import load
from training import SETTINGS, crops, silent

pytestmark = pytest.mark.slow

RAISR = Path(sys.executable).with_name("raisr")
QUICK = replace(SETTINGS, depths=(1, 1), ranks=(2, 2))
OPTIONS = ("--quality", "46-58", "--stages", "2", "--buckets", "2", "--rank", "2")
"""`QUICK` as `raisr train` takes it."""


def start_training(
    photos: Path, bank: Path, checkpoints: Path, jobs: int
) -> subprocess.Popen[bytes]:
    command = [RAISR, "train", photos, "-o", bank, "--checkpoints", checkpoints, *OPTIONS]
    command += ["--jobs", str(jobs)]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)


def wait_for(checkpoints: Path, item: str, process: subprocess.Popen[bytes]) -> Path:
    """The item of the training, once it is there."""
    while process.poll() is None:
        for path in checkpoints.glob(f"*/{item}"):
            return path
        time.sleep(0.01)
    pytest.fail(f"training ended before {item} was there")


def test_killed_training_goes_on_and_gives_the_same_bank(tmp_path: Path) -> None:
    photos, bank = tmp_path / "photos", tmp_path / "new.bank"
    checkpoints = tmp_path / "checkpoints"
    paths = crops(photos, 10)
    with start_training(photos, bank, checkpoints, 2) as process:
        stage = wait_for(checkpoints, "stage-1", process)
        os.killpg(process.pid, signal.SIGKILL)
    assert not bank.exists()
    # Half-written and damaged items of whatever is there do not count.
    damaged = stage.parent / "tree-1"
    damaged.write_bytes(damaged.read_bytes()[:-20])
    pair = next(stage.parent.glob("pair-*"))
    content = bytearray(pair.read_bytes())
    content[len(content) // 2] ^= 1
    pair.write_bytes(content)

    with start_training(photos, bank, checkpoints, 1) as process:
        assert process.wait() == 0
    undisturbed = train(paths, QUICK, 1, silent)
    assert load(bank.read_bytes()).id == undisturbed.bank.id
    assert not list(checkpoints.iterdir())


def test_finished_stages_are_not_done_again(tmp_path: Path) -> None:
    photos = crops(tmp_path / "photos", 2)

    class Interrupted(Exception):
        pass

    def interrupt(step: str, _done: float, _total: float) -> None:
        if step == "stage 2: summing":
            raise Interrupted

    with pytest.raises(Interrupted):
        train(photos, QUICK, 1, interrupt, tmp_path / "checkpoints")
    steps: dict[str, float] = {}

    def record(step: str, _done: float, total: float) -> None:
        steps[step] = total

    resumed = train(photos, QUICK, 1, record, tmp_path / "checkpoints")
    assert resumed.bank.id == train(photos, QUICK, 1, silent).bank.id
    # A step that is skipped has one part; without, there would be one for each photograph.
    assert steps["stage 1: sampling"] == steps["stage 2: sampling"] == 1


def test_other_settings_or_photographs_are_another_training(tmp_path: Path) -> None:

    photos = crops(tmp_path / "photos", 2)
    quick = replace(SETTINGS, depths=(0,), ranks=(1,))
    folders = {
        train(photos, quick, 1, silent, tmp_path).checkpoints,
        train(photos[:1], quick, 1, silent, tmp_path).checkpoints,
        train(photos, replace(quick, seed=1), 1, silent, tmp_path).checkpoints,
    }
    os.utime(photos[0], (1, 1))
    folders.add(train(photos, quick, 1, silent, tmp_path).checkpoints)
    assert len(folders) == 4


def test_a_damaged_item_counts_as_missing(tmp_path: Path) -> None:
    checkpoints = CheckpointDirectory(tmp_path / "checkpoints")
    with checkpoints.opened():
        checkpoints.store("item", numbers=np.arange(9))
        found = checkpoints.load("item")
        assert found is not None
        assert (found["numbers"] == np.arange(9)).all()
        path = checkpoints.path / "item"
        whole = path.read_bytes()
        for position in range(0, len(whole), 7):
            path.write_bytes(
                whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :]
            )
            assert checkpoints.load("item") is None
            path.write_bytes(whole[:position])
            assert checkpoints.load("item") is None


def test_the_same_training_runs_once_at_a_time(tmp_path: Path) -> None:
    checkpoints = CheckpointDirectory(tmp_path / "checkpoints")
    again = CheckpointDirectory(checkpoints.path)
    with checkpoints.opened(), pytest.raises(CheckpointsInUse), again.opened():
        pass
