"""Kill commands at any moment, and let disks fill: `python tests/faults.py --kills 100`.

Whatever happens, no file is half-written where anybody looks, and the same command, run again,
makes what it would have made undisturbed.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random

import brotli

import raisr_web.compression
import raisr_web.runtime
from raisr import cli
from raisr.batch import INDEX
from raisr.images.reading import read_photo
from raisr.images.writing import save_png
from raisr_web.cli import export
from raisr_web.compression import BROTLI, GZIP
from support import SAMPLES

# Commands are forked from a process that has imported what they need, so that kills do not meet
# imports most of the time.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["raisr.batch", "raisr.training.provenance", "raisr_web.export"])
QUICK_BROTLI = replace(BROTLI, compress=partial(brotli.compress, quality=1))
DISKS = (100, 300, 5000)
"""Bytes of the largest file that fits; semaphores are files as well, of 32 bytes."""


@dataclass(frozen=True)
class Run:
    """A command that runs in a process group of its own.

    Attributes
    ----------
    process : BaseProcess
    output : Connection
        Where its standard error comes out.
    """

    process: BaseProcess
    output: Connection

    def end(self, seconds: float | None = None) -> int | None:
        """Wait for its exit code; None if it still runs after so many seconds."""
        self.process.join(seconds)
        return self.process.exitcode

    def kill(self) -> None:
        # At once after its start it has no group yet, and no other processes.
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid or 0, signal.SIGKILL)
        self.process.kill()
        self.process.join()

    def errors(self) -> str:
        """What it has printed on its standard error, once it has ended."""
        with self.output, open(self.output.fileno(), closefd=False) as stream:
            return stream.read()


@dataclass(frozen=True)
class Task:
    """A command, and where it writes.

    Attributes
    ----------
    name : str
    arguments : tuple of str
        Of `raisr`, without the output.
    folder : Path
        Holds the output, and all that the command keeps for its next run.
    target : str
        The output, below the folder.
    """

    name: str
    arguments: tuple[str, ...]
    folder: Path
    target: str

    @property
    def output(self) -> Path:
        return self.folder / self.target

    def start(self, disk: int = resource.RLIM_INFINITY) -> Run:
        """Run the command where no file can be larger than the disk."""
        self.folder.mkdir(parents=True, exist_ok=True)
        output, errors = PROCESSES.Pipe(duplex=False)
        with errors:
            process = PROCESSES.Process(target=self._run, args=(disk, errors))
            process.start()
        return Run(process, output)

    def _run(self, disk: int, errors: Connection) -> None:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        os.dup2(errors.fileno(), sys.stderr.fileno())
        resource.setrlimit(resource.RLIMIT_FSIZE, (disk, disk))
        os.environ["XDG_CACHE_HOME"] = str(self.folder / "cache")
        # A small runtime and brotli in a hurry, so that exporting takes a moment.
        raisr_web.runtime.FOLDER = self.folder.parent / "runtime"
        raisr_web.compression.COMPRESSIONS = (QUICK_BROTLI, GZIP)
        checkpoints = ("--checkpoints", str(self.folder / "checkpoints"))
        further = checkpoints if self.name == "train" else ()
        cli.main.add_command(export)
        cli.main([*self.arguments, "-o", str(self.output), *further])

    def finish(self) -> None:
        run = self.start()
        assert run.end() == 0, run.errors()

    def files(self) -> dict[str, bytes]:
        """What anybody sees of the output, by name."""
        inside = self.output.parent if self.output.suffix else self.output
        found = (path.relative_to(inside) for path in inside.rglob("*") if path.is_file())
        return {
            str(path): _lasting(inside / path) for path in found if not path.name.startswith(".")
        }


def tasks(folder: Path) -> Iterator[Task]:
    """A small encoding, export and training; each has its output in a folder of its own."""
    photos, runtime = folder / "photographs", folder / "runtime"
    photos.mkdir()
    (runtime / "0123").mkdir(parents=True)
    (runtime / "index.js").write_text("export const FOLDER = 0;\n")
    (runtime / "0123" / "pyodide.asm.wasm").write_bytes(bytes(100_000))
    for number, name in enumerate(("two-dogs", "mountain-meadow")):
        crop = read_photo(SAMPLES / f"{name}.jpg")[300 : 364 + 8 * number, 200:280]
        (photos / f"{number}.png").write_bytes(save_png(crop))
    one = ("--base", "jpeg", "--scale", "2", "--quality", "50", "--jobs", "1")
    encode = ("encode", str(photos), *one)
    train = ("train", str(photos), *one, "--stages", "2", "--buckets", "2")
    yield Task("encode", encode, folder / "encode", "payloads")
    yield Task("export", ("export", str(photos)), folder / "export", "site")
    yield Task("train", train, folder / "train", "made/my.bank")


def undisturbed(task: Task) -> tuple[dict[str, bytes], float]:
    """What the command makes, and the seconds that it takes; nothing of it stays."""
    begun = time.monotonic()
    task.finish()
    seconds = time.monotonic() - begun
    expected = task.files()
    assert expected
    shutil.rmtree(task.folder)
    return expected, seconds


def killed(task: Task, kills: int, rng: Random) -> int:
    """Kill the command so many times, and check what it leaves; how many kills came too late."""
    expected, seconds = undisturbed(task)
    late = 0
    for _ in range(kills):
        run = task.start()
        code = run.end(rng.uniform(0, 1.1 * seconds))
        if code is not None:
            assert code == 0, run.errors()
            assert task.files() == expected
            shutil.rmtree(task.folder)
            late += 1
        else:
            run.kill()
            for name, content in task.files().items():
                assert content == expected[name], f"{task.name} left {name} half-written"
    task.finish()
    assert task.files() == expected
    return late


def full_disk(task: Task) -> None:
    """Let disks of several sizes be full: the command says so, and leaves nothing half-written."""
    expected, _ = undisturbed(task)
    for disk in DISKS:
        run = task.start(disk)
        code, errors = run.end(), run.errors()
        if disk == DISKS[0] or code != 0:
            assert code == 1, errors
            assert "cannot be written" in errors, errors
            assert "Traceback" not in errors, errors
        for name, content in task.files().items():
            assert content == expected[name], f"{task.name} left {name} half-written"
        unfinished = [path for path in task.output.parent.rglob(".*") if path.name != INDEX]
        assert not unfinished, unfinished
    task.finish()
    assert task.files() == expected


def _lasting(path: Path) -> bytes:
    """The content of a file, without what differs between two trainings: dates and durations."""
    if path.name != "my.json":
        return path.read_bytes()
    return json.dumps(sorted(json.loads(path.read_text()))).encode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="of each command")
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the kills")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for task in tasks(Path(scratch)):
            late = killed(task, options.kills, Random(options.seed))
            full_disk(replace(task, folder=task.folder.with_name(f"{task.name}-full")))
            print(  # noqa: T201
                f"{task.name}: killed {options.kills - late} times (and {late} runs had ended), "
                f"a full disk {len(DISKS)} times: nothing half-written, every rerun completed",
                flush=True,
            )


if __name__ == "__main__":
    main()
