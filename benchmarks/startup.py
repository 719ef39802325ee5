"""How long a visitor waits for the first output image, here and with the stock runtime.

    PYTHONPATH=. python benchmarks/startup.py [--quick] [--json]

A page with one photograph is opened in Chromium: cold, with nothing in the browser's caches, and
warm, a second time; unthrottled and at 20 Mbit/s. Both runtimes travel under brotli from the same
server, and are measured by turns.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from statistics import median

import click
import waitress
from flask import Flask, Response, request
from playwright.sync_api import Playwright, sync_playwright
from pyodide_lock import PyodideLockSpec
from pyodide_lock.utils import add_wheels_to_spec
from rich.console import Console
from rich.table import Table
from werkzeug.exceptions import NotFound

from raisr.images.reading import read_photo
from raisr.search.search import search
from raisr.search.settings import Settings
from raisr_decoder.metadata import parse
from raisr_web.assets import FOR_EVER, send_asset
from raisr_web.compression import compress_files
from tools.runtime import assemble
from tools.wheels import CDN, MIRROR, build_wheel, fetch_wheel, sources

CHECKOUT = Path(__file__).parent.parent
PHOTO = CHECKOUT / "samples" / "two-dogs.jpg"
BYTES_PER_SECOND = 20_000_000 // 8
CHUNK = 1 << 14
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

PAGE = """<!doctype html>
<title>{name}</title>
<script type="module" src="raisr-img.js"></script>
<raisr-img src="photo.jpg" alt="Two dogs" width="{width}" height="{height}"></raisr-img>
"""
# What the worker does with Pyodide as it is distributed.
STOCK_PYTHON = """
import { loadPyodide } from "./runtime/pyodide.mjs";
export async function startPython() {
  const indexURL = new URL("./runtime/", import.meta.url).href;
  const pyodide = await loadPyodide({ indexURL, packages: ["raisr-decoder"] });
  return pyodide.pyimport("raisr_decoder.browser");
}
"""
WAIT = """() => new Promise((resolve, reject) => {
  const image = document.querySelector("raisr-img");
  if (image.decoded) resolve(performance.now());
  image.addEventListener("load", () => resolve(performance.now()));
  image.addEventListener("error", ({ detail }) => reject(new Error(detail.message)));
})"""


class Server:
    """Serves a folder, slowly if asked to, and counts the bytes of files below `runtime/`."""

    def __init__(self, folder: Path) -> None:
        self.slow = False
        self.runtime_bytes = 0
        self._folder = folder
        self._free_at = 0.0
        self._lock = threading.Lock()
        app = Flask(__name__, static_folder=None)
        app.add_url_rule("/<path:name>", view_func=self._send)
        self._server = waitress.create_server(app, port=0, threads=16)
        self.address = f"http://127.0.0.1:{self._server.effective_port}"
        threading.Thread(target=self._server.run, daemon=True).start()

    def _send(self, name: str) -> Response:
        path = self._folder / name
        if not path.is_file():
            raise NotFound
        response = send_asset(path, FOR_EVER)
        if request.method == "GET" and "/runtime/" in name:
            self.runtime_bytes += response.content_length or 0
        if self.slow:
            response.direct_passthrough = False
            response.response = self._paced(response.get_data())
        return response

    def _paced(self, content: bytes) -> Iterator[bytes]:
        """Chunks as they would come over a connection that all requests share."""
        for start in range(0, len(content), CHUNK):
            chunk = content[start : start + CHUNK]
            with self._lock:
                self._free_at = max(self._free_at, time.monotonic()) + len(chunk) / BYTES_PER_SECOND
                wait = self._free_at - time.monotonic()
            time.sleep(max(0.0, wait))
            yield chunk


def make_site(folder: Path, stock: bool) -> None:
    """A page with one photograph, and all that it loads."""
    shutil.copytree(CHECKOUT / "web/raisr_web/static", folder)
    payload = search(read_photo(PHOTO), Settings("jpeg", Fraction(2), target_size=25_000)).payload
    (folder / "photo.jpg").write_bytes(payload)
    metadata = parse(payload)
    page = PAGE.format(name=folder.name, width=metadata.width, height=metadata.height)
    (folder / "index.html").write_text(page)
    shutil.copytree(CHECKOUT / "wasm_decoder/raisr_decoder/banks", folder / "banks")
    if stock:
        (folder / "python.js").write_text(STOCK_PYTHON)
        make_stock_runtime(folder / "runtime")
    else:
        assemble(CHECKOUT, folder / "runtime")


def make_stock_runtime(folder: Path) -> None:
    """Pyodide, NumPy and the decoder as they are distributed, the lock file aside."""
    folder.mkdir()
    cache, modules = CHECKOUT / ".cache", CHECKOUT / "node_modules"
    pyodide = modules / "pyodide"
    lock = PyodideLockSpec.from_json(pyodide / "pyodide-lock.json")
    numpy = lock.packages["numpy"]
    wheel = build_wheel(CHECKOUT / "wasm_decoder", cache)
    lock.packages = {"numpy": numpy}
    add_wheels_to_spec(lock, [wheel]).to_json(folder / "pyodide-lock.json")
    for piece in (
        *(pyodide / name for name in ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm")),
        pyodide / "python_stdlib.zip",
        fetch_wheel(numpy, cache, sources(numpy.file_name, None, CDN, MIRROR)),
        wheel,
    ):
        shutil.copy(piece, folder)
    compress_files(sorted(folder.iterdir()), cache)


def visit(playwright: Playwright, address: str) -> tuple[float, float]:
    """Milliseconds to the output image, first cold, then warm."""
    chromium = shutil.which("chromium")
    with tempfile.TemporaryDirectory() as profile:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=chromium, args=FLAGS
        )
        page = context.new_page()
        times = []
        for _ in range(2):
            page.goto(address)
            times.append(float(page.evaluate(WAIT)))
            # Browsers keep compiled WebAssembly some seconds after it has run.
            page.wait_for_timeout(4000)
            page.goto("about:blank")
        context.close()
    return times[0], times[1]


def measure(rounds: int) -> dict[str, float]:
    """Medians in milliseconds, and bytes."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        for name in ("ours", "stock"):
            make_site(Path(scratch, name), stock=name == "stock")
        server = Server(Path(scratch))
        for speed, slow in (("", False), ("_20mbit", True)):
            times: dict[str, list[tuple[float, float]]] = {"": [], "stock_": []}
            server.slow = slow
            for _ in range(rounds):
                for prefix, name in (("", "ours"), ("stock_", "stock")):
                    server.runtime_bytes = 0
                    times[prefix].append(visit(playwright, f"{server.address}/{name}/index.html"))
                    figures[f"{prefix}bytes"] = server.runtime_bytes
            for prefix, pairs in times.items():
                cold, warm = zip(*pairs, strict=True)
                figures[f"{prefix}cold{speed}_ms"] = round(median(cold))
                figures[f"{prefix}warm{speed}_ms"] = round(median(warm))
    return figures


def table(figures: dict[str, float]) -> Table:
    made = Table("", "this runtime", "stock", "ratio", box=None)
    for key, unit in {
        "bytes": "bytes under brotli",
        "cold_ms": "cold (ms)",
        "warm_ms": "warm (ms)",
        "cold_20mbit_ms": "cold at 20 Mbit/s (ms)",
        "warm_20mbit_ms": "warm at 20 Mbit/s (ms)",
    }.items():
        ours, stock = figures[key], figures[f"stock_{key}"]
        made.add_row(unit, f"{ours:,.0f}", f"{stock:,.0f}", f"{ours / stock:.2f}")
    return made


@click.command()
@click.option("--quick", is_flag=True, help="Two rounds, not seven.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(quick: bool, as_json: bool) -> None:
    figures = measure(2 if quick else 7)
    if as_json:
        print(json.dumps(figures, indent=2))
    else:
        Console(width=100).print(table(figures))


if __name__ == "__main__":
    main()
