"""Kill commands at any moment, and let disks fill: `python tests/faults.py --kills 100`.

Whatever happens, no file is half-written where anybody looks, and the same command, run again,
makes what it would have made undisturbed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from raisr.batch import INDEX
from raisr.images.reading import read_photo
from raisr.images.writing import save_png
from support import SAMPLES

# With a small stand-in for the page's runtime and hasty compression: exporting takes a moment.
PROGRAM = """
import sys
from pathlib import Path
import brotli
import raisr_web.runtime
from raisr.cli import main
from raisr_web.cli import export
raisr_web.runtime.FOLDER = Path(sys.argv.pop(1))
compress = brotli.compress
brotli.compress = lambda data, **_: compress(data, quality=1)
main.add_command(export)
main()
"""
DISKS = (1, 300, 5000)
"""Bytes of the largest file that fits."""


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

    def start(self, disk: int = resource.RLIM_INFINITY) -> subprocess.Popen[str]:
        """Run the command, in a process group of its own."""
        self.folder.mkdir(parents=True, exist_ok=True)
        checkpoints = ("--checkpoints", str(self.folder / "checkpoints"))
        further = checkpoints if self.name == "train" else ()
        runtime = self.folder.parent / "runtime"
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, runtime, *self.arguments, "-o", self.output, *further],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "XDG_CACHE_HOME": str(self.folder / "cache")},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (disk, disk)),
        )

    def finish(self) -> None:
        process = self.start()
        _, errors = process.communicate()
        assert process.returncode == 0, errors

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
    for number, name in enumerate(("two-dogs", "mountain-meadow", "limestone-peaks")):
        crop = read_photo(SAMPLES / f"{name}.jpg")[300 : 400 + 8 * number, 200:330]
        (photos / f"{number}.png").write_bytes(save_png(crop))
    one = ("--base", "jpeg", "--scale", "2", "--quality", "50", "--jobs", "1")
    encode = ("encode", str(photos), *one)
    train = ("train", str(photos), *one, "--stages", "2", "--buckets", "4")
    yield Task("encode", encode, folder / "encode", "payloads")
    yield Task("export", ("export", str(photos)), folder / "export", "site")
    yield Task("train", train, folder / "train", "made/my.bank")


@dataclass(frozen=True)
class Made:
    """What a command makes undisturbed, by name, and the seconds that it takes."""

    files: dict[str, bytes]
    seconds: float


def undisturbed(task: Task) -> Made:
    """Run the command; nothing that it made stays."""
    begun = time.monotonic()
    task.finish()
    made = Made(task.files(), time.monotonic() - begun)
    assert made.files
    shutil.rmtree(task.folder)
    return made


def killed(task: Task, made: Made, kills: int, rng: Random) -> int:
    """Kill the command so many times, and check what it leaves; how many kills came too late."""
    late = 0
    for _ in range(kills):
        process = task.start()
        try:
            _, errors = process.communicate(timeout=rng.uniform(0, 1.1 * made.seconds))
            assert process.returncode == 0, errors
            assert task.files() == made.files
            shutil.rmtree(task.folder)
            late += 1
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            for name, content in task.files().items():
                assert content == made.files[name], f"{task.name} left {name} half-written"
    task.finish()
    assert task.files() == made.files
    return late


def full_disk(task: Task, made: Made) -> None:
    """Let disks of several sizes be full: the command says so, and leaves nothing half-written."""
    for disk in DISKS:
        process = task.start(disk)
        _, errors = process.communicate()
        if disk == DISKS[0] or process.returncode != 0:
            assert process.returncode == 1, errors
            assert "cannot be written" in errors, errors
            assert "Traceback" not in errors, errors
        for name, content in task.files().items():
            assert content == made.files[name], f"{task.name} left {name} half-written"
        unfinished = [path for path in task.output.parent.rglob(".*") if path.name != INDEX]
        assert not unfinished, unfinished
    task.finish()
    assert task.files() == made.files


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
            made = undisturbed(task)
            late = killed(task, made, options.kills, Random(options.seed))
            shutil.rmtree(task.folder)
            full_disk(task, made)
            print(  # noqa: T201
                f"{task.name}: killed {options.kills - late} times (and {late} runs had ended), "
                f"a full disk {len(DISKS)} times: nothing half-written, every rerun completed",
                flush=True,
            )


if __name__ == "__main__":
    main()
