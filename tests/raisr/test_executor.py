"""A bank is the same whether processes of this machine or the workers of a cluster train it."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from raisr.errors import CheckpointsNotShared, PhotographNotShared, SchedulerUnreachable
from raisr.training.checkpoints import CheckpointDirectory
from raisr.training.examples import spread
from raisr.training.pairs import pair_after
from raisr.training.train import train
from training import SETTINGS, crops, silent


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

    there = train(photos, SETTINGS, 1, kill_one, tmp_path / "checkpoints", address)
    assert killed
    here = train(photos, SETTINGS, 2, silent)
    for ours, theirs in zip(here.banks, there.banks, strict=True):
        assert theirs.bank.id == ours.bank.id
        assert (theirs.psnr, theirs.sparse) == (ours.psnr, ours.sparse)


def test_an_unreachable_scheduler_is_named_soon(tmp_path: Path) -> None:
    photos = crops(tmp_path / "photos", 1)
    start = time.monotonic()
    with pytest.raises(SchedulerUnreachable, match="no scheduler answers"):
        train(photos, SETTINGS, 1, silent, tmp_path / "checkpoints", "tcp://127.0.0.1:9")
    assert time.monotonic() - start < 20


def test_a_worker_says_which_storage_it_does_not_see(tmp_path: Path) -> None:
    (example,) = spread([crops(tmp_path / "photos", 1)[0]], SETTINGS)
    checkpoints = CheckpointDirectory(tmp_path / "checkpoints")
    with pytest.raises(CheckpointsNotShared, match="--checkpoints"):
        pair_after(checkpoints, example, 0)
    example.photo.unlink()
    with checkpoints.opened(), pytest.raises(PhotographNotShared, match=example.photo.name):
        pair_after(checkpoints, example, 0)
