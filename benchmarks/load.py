"""The server under load: many clients at once, every byte of every answer checked.

    python benchmarks/load.py [--requests 10000] [--clients 32] [--json]

Starts `raisr serve` on this machine with the samples, asks for pages, payloads, banks and output
images, and sends photographs to try, in random order. The expected answer of each address is
fetched before there is any load. An answer may be 503 with Retry-After, where too many jobs wait
already; any other failure is an error. Then the server gets SIGTERM while it decodes, and has to
finish; the next one is killed while it decodes, and the one after it has to answer as before.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from raisr.codecs.jpeg import save_jpeg
from raisr.images.reading import read_photo
from raisr_decoder.bank import shipped_folder
from raisr_decoder.metadata import parse

SAMPLES = Path(__file__).parent.parent / "samples"
UPLOADS = 0.02
"""Share of the requests that send a photograph."""
FRESH = 0.01
"""Share of the requests for an output image that has not been decoded yet."""
FRESH_IMAGES = 100
LEFT_FOR_THE_END = 16
"""Of those half are asked for when the server gets SIGTERM, half when it is killed."""
POLL_SECONDS = 0.2
BOUNDARY = "a-boundary-that-no-image-contains"


@dataclass
class Figures:
    """What has been counted; all threads add to it."""

    answers: Counter[int] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    megabytes: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)


class Client:
    """A connection that stays open."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)

    def get(self, path: str) -> tuple[http.client.HTTPResponse, bytes]:
        return self._ask("GET", path)

    def send(self, photo: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        """Send a photograph to try."""
        kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        return self._ask("POST", "/try", form(photo), kind)

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[http.client.HTTPResponse, bytes]:
        self._connection.request(method, path, body, headers or {})
        response = self._connection.getresponse()
        return response, response.read()


def form(photo: bytes) -> bytes:
    """A photograph and a size, as a browser sends them."""
    parts = {
        'name="size"': b"12500",
        'name="photo"; filename="photo.jpg"': photo,
    }
    sent = b"".join(
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + body + b"\r\n"
        for head, body in parts.items()
    )
    return sent + f"--{BOUNDARY}--\r\n".encode()


@contextmanager
def serving(folder: Path, cache: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address and the process of `raisr serve`."""
    raisr = Path(sys.executable).with_name("raisr")
    command = [raisr, "serve", folder, "--port", "0", "--cache", cache]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        words = (process.stdout or sys.stdin).readline().split()
        try:
            yield next(word for word in words if word.startswith("http://")).rstrip("/"), process
        finally:
            process.terminate()


def photographs(folder: Path) -> None:
    """Fill a folder with the samples, and with small images that each have to be decoded once."""
    for path in SAMPLES.glob("*.jpg"):
        shutil.copy(path, folder)
    photo = read_photo(SAMPLES / "two-dogs.jpg")
    for number in range(FRESH_IMAGES):
        crop = photo[4 * number : 4 * number + 200, 5 * number : 5 * number + 300]
        (folder / f"fresh-{number:03}.jpg").write_bytes(save_jpeg(np.ascontiguousarray(crop), 90))


def expected_answers(client: Client) -> dict[str, str]:
    """What each address answers when nobody else asks, as a digest."""
    names = [path.name for path in SAMPLES.glob("*.jpg")]
    paths = [f"/{kind}/{name}" for kind in ("photos", "decoded") for name in names]
    paths += [f"/raisr/banks/{path.name}" for path in sorted(shipped_folder().glob("*.bank"))]
    paths += ["/raisr/banks/index.json", "/raisr/worker.js", "/raisr/gallery.css", "/try"]
    paths += [f"/picture/{name}/" for name in names]
    answers = {}
    for path in paths:
        response, content = client.get(path)
        if response.status != 200:
            raise click.ClickException(f"{path}: {response.status} before there is any load")
        answers[path] = sha256(content).hexdigest()
    for path in shipped_folder().glob("*.bank"):
        answers[f"/raisr/banks/{path.name}"] = sha256(path.read_bytes()).hexdigest()
    return answers


def ask(
    client: Client,
    kind: str,
    path: str,
    expected: str | None,
    photo: bytes,
    images: int,
    figures: Figures,
) -> None:
    """One request, and whether its answer is right."""
    begun = time.perf_counter()
    try:
        response, content = client.send(photo) if kind == "upload" else client.get(path)
    except (OSError, http.client.HTTPException) as error:
        figures.errors.append(f"{path}: {error!r}")
        return
    figures.milliseconds.append(1000 * (time.perf_counter() - begun))
    figures.answers[response.status] += 1
    figures.kinds[kind] += 1
    if response.status == 503 and response.headers["Retry-After"]:
        return
    if kind == "upload":
        right = response.status == 303 and response.headers["Location"].startswith("/try/")
    elif kind == "fresh":
        right = response.status == 200 and content[:3] == b"\xff\xd8\xff"
    elif kind == "gallery":
        right = response.status == 200 and content.count(b"<raisr-img") == images
    else:
        right = response.status == 200 and sha256(content).hexdigest() == expected
    if not right:
        figures.errors.append(f"{path}: {response.status}, {len(content)} bytes")


def plan(count: int, answers: dict[str, str]) -> list[tuple[str, str]]:
    """Kinds of requests and their addresses, always the same ones."""
    chance = random.Random(1)  # noqa: S311
    fresh = iter(range(FRESH_IMAGES - LEFT_FOR_THE_END))
    made = []
    for _ in range(count):
        draw = chance.random()
        number = next(fresh, None) if UPLOADS <= draw < UPLOADS + FRESH else None
        if draw < UPLOADS:
            made.append(("upload", "/try"))
        elif number is not None:
            made.append(("fresh", f"/decoded/fresh-{number:03}.jpg"))
        elif draw < 0.1:
            made.append(("gallery", "/"))
        else:
            made.append(("file", chance.choice(list(answers))))
    return made


def measure(count: int, clients: int) -> dict[str, object]:
    """Counts, milliseconds and megabytes."""
    figures = Figures()
    with tempfile.TemporaryDirectory() as scratch:
        folder, cache = Path(scratch, "photos"), Path(scratch, "cache")
        folder.mkdir()
        photographs(folder)
        photo = (folder / "fresh-000.jpg").read_bytes()
        images = len(list(folder.iterdir()))
        with serving(folder, cache) as (address, process):
            answers = expected_answers(Client(address))
            done = threading.Event()
            watch = threading.Thread(target=watch_memory, args=(process.pid, figures, done))
            watch.start()
            local = threading.local()

            def send(request: tuple[str, str]) -> None:
                if not hasattr(local, "client"):
                    local.client = Client(address)
                kind, path = request
                ask(local.client, kind, path, answers.get(path), photo, images, figures)

            begun = time.perf_counter()
            with ThreadPoolExecutor(clients) as pool:
                list(pool.map(send, plan(count, answers)))
            seconds = time.perf_counter() - begun
            done.set()
            watch.join()
            *_, first, second = np.array_split(range(FRESH_IMAGES), FRESH_IMAGES // 8)
            lost = end_while_decoding(signal.SIGTERM, address, process, first)
        exit_code = process.returncode
        with serving(folder, cache) as (address, process):
            end_while_decoding(signal.SIGKILL, address, process, second)
        with serving(folder, cache) as (address, _):
            again = expected_answers(Client(address))
        broken = [path.name for path in cache.iterdir() if not whole(path)]
    tenths = np.array_split(figures.megabytes, 10)
    return {
        "requests": count,
        "clients": clients,
        "seconds": round(seconds, 1),
        "answers": dict(sorted(figures.answers.items())),
        "kinds": dict(sorted(figures.kinds.items())),
        "errors": figures.errors[:20],
        "error_count": len(figures.errors),
        "median_ms": round(float(np.median(figures.milliseconds)), 1),
        "p99_ms": round(float(np.percentile(figures.milliseconds, 99)), 1),
        "megabytes_by_tenths": [round(float(np.mean(tenth))) for tenth in tenths],
        "megabytes_max": round(max(figures.megabytes)),
        "lost_when_stopped": lost,
        "exit_code": exit_code,
        "changed_after_kill": sum(again[path] != answer for path, answer in answers.items()),
        "broken_files": broken,
    }


def watch_memory(pid: int, figures: Figures, done: threading.Event) -> None:
    """Resident memory of the server, until `done`."""
    pages = Path(f"/proc/{pid}/statm")
    while not done.wait(POLL_SECONDS):
        figures.megabytes.append(
            int(pages.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
        )


def end_while_decoding(
    how: signal.Signals, address: str, process: subprocess.Popen[str], numbers: Iterable[int]
) -> int:
    """End the server while it decodes; how many of those requests it did not finish."""
    paths = [f"/decoded/fresh-{number:03}.jpg" for number in numbers]
    with ThreadPoolExecutor(len(paths)) as pool:
        asked = [pool.submit(Client(address).get, path) for path in paths]
        time.sleep(0.2)
        process.send_signal(how)
        finished = 0
        for future in asked:
            try:
                finished += future.result()[0].status == 200
            except (OSError, http.client.HTTPException):
                continue
    process.wait(120)
    return len(paths) - finished


def whole(path: Path) -> bool:
    """Whether an image of the cache is complete; other files of the cache are not looked at."""
    content = path.read_bytes()
    match path.suffix:
        case ".jpg":
            return content.endswith(b"\xff\xd9")
        case ".payload":
            return parse(content).width > 0
    return True


def table(figures: dict[str, object]) -> Table:
    made = Table("", "", box=None, show_header=False)
    for name, value in figures.items():
        made.add_row(name.replace("_", " "), str(value))
    return made


@click.command()
@click.option("--requests", "count", default=10_000, show_default=True)
@click.option("--clients", default=32, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(count: int, clients: int, as_json: bool) -> None:
    figures = measure(count, clients)
    if as_json:
        print(json.dumps(figures, indent=2))
    else:
        Console(width=100).print(table(figures))
    faults = "error_count", "broken_files", "lost_when_stopped", "changed_after_kill"
    sys.exit(any(figures[fault] for fault in faults))


if __name__ == "__main__":
    main()
