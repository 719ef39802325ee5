"""A Dask cluster on this machine."""

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
