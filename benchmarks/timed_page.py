"""Decoding timed in Chromium: luma alone, and from a payload's bytes to pixels on the canvas."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import timed_case
from playwright.sync_api import Browser, Page, sync_playwright
from startup import CHECKOUT, FLAGS, Server, make_stock_runtime

ENGINES = ("kernel", "NumPy")

PAGE = """<!doctype html>
<title>speed</title>
<script type="module" src="raisr-img.js"></script>
"""
# Pyodide as it is distributed, for the page and for the worker, where it can be got hold of.
PYTHON = """
import { loadPyodide } from "./runtime/pyodide.mjs";
export async function startPython() {
  const indexURL = new URL("./runtime/", import.meta.url).href;
  globalThis.pyodide = await loadPyodide({ indexURL, packages: ["raisr-decoder"] });
  return pyodide.pyimport("raisr_decoder.browser");
}
"""
LOAD = """async (source) => {
  const { startPython } = await import("./python.js");
  await startPython();
  pyodide.FS.writeFile("/timed_case.py", source);
  pyodide.runPython("import sys; sys.path.append('/')");
  window.timed = pyodide.pyimport("timed_case");
  window.cases = {};
  window.engines = {
    kernel: pyodide.pyimport("raisr_decoder.compiled").engine(),
    NumPy: pyodide.pyimport("raisr_decoder.engine").NUMPY,
  };
}"""
PREPARE = """([engine, pixels, baseShape, bank, shape]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const values = [bytes(pixels), baseShape, bytes(bank), shape].map((value) => pyodide.toPy(value));
  cases[engine]?.destroy();
  cases[engine] = timed.prepare(...values, engines[engine]);
  for (const value of values) value.destroy();
}"""
LUMA = "(engine) => timed.luma_milliseconds(cases[engine], engines[engine])"
CANVAS = """(address) => new Promise((resolve, reject) => {
  const image = document.createElement("raisr-img");
  image.setAttribute("src", address);
  image.addEventListener("load", ({ detail }) => resolve(detail.milliseconds));
  image.addEventListener("error", ({ detail }) => reject(new Error(detail.message)));
  document.body.replaceChildren(image);
})"""
PICA = """async ([height, width]) => {
  window.resizer ??= pica();
  const [from, to] = [document.createElement("canvas"), document.createElement("canvas")];
  [from.width, from.height, to.width, to.height] = [width / 2, height / 2, width, height];
  from.getContext("2d").fillRect(0, 0, width / 4, height / 4);
  const start = performance.now();
  await resizer.resize(from, to);
  return performance.now() - start;
}"""
MEMORY = "() => pyodide._module.HEAPU8.length / 1e6"


def make_site(folder: Path) -> None:
    """The element's files, Python, and an empty page."""
    shutil.copytree(CHECKOUT / "web/raisr_web/static", folder)
    (folder / "python.js").write_text(PYTHON)
    (folder / "index.html").write_text(PAGE)
    (folder / "banks").mkdir()
    make_stock_runtime(folder / "runtime")


@contextmanager
def site_in_chromium(folder: Path) -> Iterator[Callable[[], Page]]:
    """A function that opens the page of a site with empty caches."""
    address = f"{Server(folder).address}/index.html"
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield partial(_open, browser, address)
        browser.close()


def _open(browser: Browser, address: str) -> Page:
    page = browser.new_page()
    page.goto(address)
    return page


def load_engines(page: Page) -> None:
    """Load what `luma_timers` and `pica_milliseconds` need."""
    page.add_script_tag(path=CHECKOUT / "node_modules/pica/dist/pica.js")
    page.evaluate(LOAD, Path(timed_case.__file__).read_text())


def luma_timers(
    page: Page, pixels: bytes, base_shape: tuple[int, int], bank: bytes, shape: tuple[int, int]
) -> dict[str, Callable[[], float]]:
    """Of each engine: milliseconds for luma, as `timed_case` measures them."""
    for engine in ENGINES:
        page.evaluate(PREPARE, [engine, _text(pixels), base_shape, _text(bank), shape])
    return {f"Chromium, {engine}": partial(page.evaluate, LUMA, engine) for engine in ENGINES}


def canvas_milliseconds(page: Page, address: str) -> float:
    """From a payload's bytes to pixels on the canvas, once the worker runs."""
    return float(page.evaluate(CANVAS, address))


def pica_milliseconds(page: Page, shape: tuple[int, int]) -> float:
    """What pica takes to upscale an image with alpha by two."""
    return float(page.evaluate(PICA, shape))


def worker_megabytes(page: Page) -> float:
    """Memory of WebAssembly in the worker, which never shrinks."""
    (worker,) = page.workers
    return float(worker.evaluate(MEMORY))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
