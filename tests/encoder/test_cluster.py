"""A bank is the same whether processes of this machine or the workers of a cluster train it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from distributed import Client

from raisr_encoder.errors import PhotographUnseen, SchedulerUnreachable, WorkFolderUnseen
from raisr_encoder.examples import spread
from raisr_encoder.pairs import pair_after
from raisr_encoder.train import train
from raisr_encoder.work_folder import WorkFolder
from training import SETTINGS, crops, silent

DASK = Path(sys.executable).with_name("dask")
QUIET = ("--host", "127.0.0.1", "--no-dashboard")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Address of a scheduler on this machine, and the processes of its two workers."""
    contact = tmp_path / "scheduler.json"
    join = ("--scheduler-file", str(contact))
    alone = ("--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path))
    with ExitStack() as stack:

        def start(*arguments: str) -> subprocess.Popen[bytes]:
            process = subprocess.Popen([DASK, *arguments], stderr=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        start("scheduler", *QUIET, "--port", "0", *join)
        workers = [start("worker", *QUIET, *join, *alone) for _ in range(2)]
        address = address_in(contact)
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=30)
        yield address, workers


def address_in(contact: Path) -> str:

    for _ in range(300):
        if contact.exists() and contact.read_text().endswith("}"):
            return str(json.loads(contact.read_text())["address"])
        time.sleep(0.1)
    pytest.fail("the scheduler did not start")


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

    there = train(photos, SETTINGS, 1, kill_one, tmp_path / "work", address)
    assert killed
    here = train(photos, SETTINGS, 2, silent)
    for ours, theirs in zip(here.banks, there.banks, strict=True):
        assert theirs.bank.id == ours.bank.id
        assert (theirs.psnr, theirs.sparse) == (ours.psnr, ours.sparse)


def test_an_unreachable_scheduler_is_named_soon(tmp_path: Path) -> None:
    photos = crops(tmp_path / "photos", 1)
    start = time.monotonic()
    with pytest.raises(SchedulerUnreachable, match="no scheduler answers"):
        train(photos, SETTINGS, 1, silent, tmp_path / "work", "tcp://127.0.0.1:9")
    assert time.monotonic() - start < 20


def test_a_worker_says_which_storage_it_does_not_see(tmp_path: Path) -> None:
    (example,) = spread([crops(tmp_path / "photos", 1)[0]], SETTINGS)
    work = WorkFolder(tmp_path / "work")
    with pytest.raises(WorkFolderUnseen, match="--work"):
        pair_after(work, example, 0)
    example.photo.unlink()
    with work.opened(), pytest.raises(PhotographUnseen, match=example.photo.name):
        pair_after(work, example, 0)
