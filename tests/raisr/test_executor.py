"""A bank is the same whether processes of this machine or the workers of a cluster train it."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from commands import QUICK
from raisr import executor
from raisr.errors import CheckpointsNotShared, PhotographNotShared, SchedulerUnreachable
from raisr.training.checkpoints import CheckpointDirectory
from raisr.training.examples import spread
from raisr.training.pairs import pair_after
from raisr.training.train import train
from training import SETTINGS, crops, silent

pytestmark = pytest.mark.slow


def test_a_cluster_that_loses_a_worker_gives_the_same_bank(
    cluster: tuple[str, list[subprocess.Popen[bytes]]], tmp_path: Path
) -> None:
    address, workers = cluster
    photos = crops(tmp_path / "photos", 10)
    killed = []

    def kill_one(step: str, done: float, _total: float) -> None:
        if step == "stage 1: sampling" and done == 2:
            workers[0].kill()
            killed.append(workers[0].wait())

    settings = replace(SETTINGS, depths=(1,), ranks=(2,))
    there = train(photos, settings, 1, kill_one, tmp_path / "checkpoints", address)
    assert killed
    here = train(photos, settings, 2, silent)
    assert there.bank.id == here.bank.id
    assert (there.psnr, there.sparse) == (here.psnr, here.sparse)


def test_an_unreachable_scheduler_is_named_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert executor.TIMEOUT <= 10
    monkeypatch.setattr(executor, "TIMEOUT", 0.5)
    photos = crops(tmp_path / "photos", 1)
    start = time.monotonic()
    with pytest.raises(SchedulerUnreachable, match="no scheduler answers"):
        train(photos, SETTINGS, 1, silent, tmp_path / "checkpoints", "tcp://127.0.0.1:9")
    assert time.monotonic() - start < 10 * executor.TIMEOUT


def test_a_worker_says_which_storage_it_does_not_see(tmp_path: Path) -> None:
    example, _ = spread([crops(tmp_path / "photos", 1)[0]], SETTINGS)
    checkpoints = CheckpointDirectory(tmp_path / "checkpoints")
    with pytest.raises(CheckpointsNotShared, match="--checkpoints"):
        pair_after(checkpoints, example, 0)
    example.photo.unlink()
    with checkpoints.opened(), pytest.raises(PhotographNotShared, match=example.photo.name):
        pair_after(checkpoints, example, 0)


@pytest.mark.parametrize("program", ["/bin/false", "/nowhere/python"])
def test_workers_that_cannot_be_started_are_reported(tmp_path: Path, program: str) -> None:
    script = """
import sys
sys.executable = sys.argv[1]
from raisr.cli import main
main(sys.argv[2:])
"""
    photos = crops(tmp_path / "photos", 2)
    arguments = [program, "encode", *photos, "-o", tmp_path, *QUICK, "--jobs", 2]
    command = [sys.executable, "-W", "ignore", "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Error: worker" in done.stderr
    assert "Traceback" not in done.stderr
