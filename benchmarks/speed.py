"""How fast pictures are restored, natively and in Chromium, and how fast others enlarge them.

    python benchmarks/speed.py [--quick] [--json] [--plot docs/speed.png]

Luma of one photograph, cut or repeated to the size, unless said otherwise. All ways of a case take
turns in the same run; figures are medians.
"""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
import time
import tracemalloc
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import click
import cv2
import matplotlib.pyplot as plt
import numpy as np
import timed_case
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from rich.table import Table
from startup import FLAGS, Server, make_stock_runtime

from raisr_decoder.bank import base_shape, save
from raisr_decoder.color import luma
from raisr_decoder.payload import Record, pack
from raisr_decoder.restore import NUMPY
from raisr_encoder import kernels
from raisr_encoder.bank_store import BankStore
from raisr_encoder.base_codec import base_codec
from raisr_encoder.decode import decode
from raisr_encoder.image_io import decode_base, read_photo
from raisr_encoder.reduce import reduce_photo

CHECKOUT = Path(__file__).parent.parent
PHOTO = CHECKOUT / "samples" / "two-dogs.jpg"
USUAL = (1000, 1500)
SHAPES = [(512, 768), USUAL, (2000, 3000), (4000, 6000)]
SCALES = [Fraction(1), Fraction(3, 2), Fraction(2), Fraction(4)]
TWICE = Fraction(2)

BYTES = {"jpeg": 100_000, "avif": 25_000}
ENGINES = ("kernel", "NumPy")
KEYS = {
    "native_x2_ms": "Numba, one core",
    "opencv_lanczos_ms": "OpenCV, Lanczos",
    "jpeg_decode_ms": "JPEG of 100 KB, decoded",
    "avif_decode_ms": "AVIF of 25 KB, decoded",
    "chromium_numpy_x2_ms": "Chromium, NumPy",
    "chromium_kernel_x2_ms": "Chromium, kernel",
    "chromium_pica_ms": "pica",
}

Milliseconds = Callable[[], float]


@dataclass(frozen=True)
class Work:
    """What is to be enlarged, how, and to what size."""

    shape: tuple[int, int]
    scale: Fraction = TWICE
    stages: int = 1

    @property
    def name(self) -> str:
        megapixels = self.shape[0] * self.shape[1] / 1e6
        return f"{megapixels:.1f} megapixels, scale {self.scale}, stages: {self.stages}"

    @property
    def small(self) -> tuple[int, int]:
        return base_shape(self.shape, self.scale)

    def arguments(self) -> tuple[bytes, tuple[int, int], bytes, tuple[int, int]]:
        """For `timed_case.prepare`, the engine aside."""
        base = "jpeg" if self.scale == 1 else "png"
        bank = BankStore().choose(base, self.scale, 60 if self.scale == 1 else 100)
        first = replace(bank, stages=bank.stages[: self.stages])
        return picture(self.small).tobytes(), self.small, save(first), self.shape


USUAL_WORK = Work(USUAL)
WORKS = [
    *(Work(shape) for shape in SHAPES),
    *(Work(USUAL, scale) for scale in SCALES if scale != TWICE),
    *(Work(USUAL, stages=stages) for stages in (2, 3)),
]


def picture(shape: tuple[int, int]) -> NDArray[np.uint8]:
    """A photograph of that many rows and columns, repeated where it is too small."""
    photo = read_photo(PHOTO)
    rows, columns = (-(-size // have) for size, have in zip(shape, photo.shape, strict=False))
    return np.ascontiguousarray(np.tile(photo, (rows, columns, 1))[: shape[0], : shape[1]])


# --- natively ---------------------------------------------------------------------------------


def native_ways(work: Work) -> dict[str, Milliseconds]:
    engines = {
        "Numba, one core": kernels.engine(1),
        "Numba, two cores": kernels.engine(2),
        "NumPy": NUMPY,
    }
    return {
        name: partial(
            timed_case.luma_milliseconds, timed_case.prepare(*work.arguments(), engine), engine
        )
        for name, engine in engines.items()
    }


def other_ways() -> dict[str, Milliseconds]:
    """What others do with the usual picture on one core, and what its whole restore takes."""
    photo = picture(USUAL)
    small = luma(picture(USUAL_WORK.small))
    size = USUAL[::-1]
    image = Image.fromarray(small)
    cv2.setNumThreads(1)
    full_jpeg, full_avif = (coded(photo, name, size) for name, size in BYTES.items())
    reduced = coded(reduce_photo(photo, TWICE, base_codec("jpeg").reduce), "jpeg", BYTES["avif"])
    bank = BankStore().choose("jpeg", TWICE, 50)
    payload = pack(reduced, Record(*USUAL[::-1], bank.id))
    engine = kernels.engine(1)
    ways: dict[str, Callable[[], Any]] = {
        "Pillow, bicubic": lambda: image.resize(size, Image.Resampling.BICUBIC),
        "Pillow, Lanczos": lambda: image.resize(size, Image.Resampling.LANCZOS),
        "OpenCV, bicubic": lambda: cv2.resize(small, size, interpolation=cv2.INTER_CUBIC),
        "OpenCV, Lanczos": lambda: cv2.resize(small, size, interpolation=cv2.INTER_LANCZOS4),
        "JPEG of 100 KB, decoded": lambda: decode_base(full_jpeg),
        "AVIF of 25 KB, decoded": lambda: decode_base(full_avif),
        "payload of 25 KB, decoded and restored": lambda: decode(payload, engine=engine),
    }
    return {name: partial(milliseconds, way) for name, way in ways.items()}


def coded(picture: NDArray[np.uint8], name: str, size: int) -> bytes:
    """The best file of a codec that has no more bytes than that."""
    codec = base_codec(name)
    quality = bisect_right(range(1, 96), size, key=lambda q: len(codec.encode(picture, q)))
    return codec.encode(picture, quality)


def milliseconds(way: Callable[[], Any]) -> float:
    start = time.perf_counter()
    way()
    return 1000 * (time.perf_counter() - start)


def peak_megabytes(work: Work) -> float:
    """What a whole restore allocates at most, the result included."""
    engine = kernels.engine(1)
    case = timed_case.prepare(*work.arguments(), engine)
    tracemalloc.start()
    timed_case.full_milliseconds(case, engine)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


# --- in Chromium ------------------------------------------------------------------------------

LOAD = """async (source) => {
  const { loadPyodide } = await import("./runtime/pyodide.mjs");
  const indexURL = new URL("./runtime/", location).href;
  const pyodide = await loadPyodide({ indexURL, packages: ["raisr-decoder"] });
  pyodide.FS.writeFile("/timed_case.py", source);
  pyodide.runPython("import sys; sys.path.append('/')");
  window.pyodide = pyodide;
  window.timed = pyodide.pyimport("timed_case");
  window.engines = {
    kernel: pyodide.pyimport("raisr_decoder.compiled").engine(),
    NumPy: pyodide.pyimport("raisr_decoder.restore").NUMPY,
  };
}"""
PREPARE = """([engine, pixels, small, bank, shape]) => {
  const python = (value) => pyodide.toPy(value);
  const bytes = (text) => python(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
  window.cases ??= {};
  window.cases[engine]?.destroy();
  const sizes = [python(small), python(shape)];
  const args = [bytes(pixels), sizes[0], bytes(bank), sizes[1], engines[engine]];
  window.cases[engine] = timed.prepare(...args);
}"""
LUMA = "(engine) => timed.luma_milliseconds(cases[engine], engines[engine])"
FULL = "(engine) => timed.full_milliseconds(cases[engine], engines[engine])"
MEMORY = "() => pyodide._module.HEAPU8.length / 1e6"
PICA = """async ([width, height]) => {
  window.resizer ??= pica();
  const [from, to] = [document.createElement("canvas"), document.createElement("canvas")];
  [from.width, from.height, to.width, to.height] = [width / 2, height / 2, width, height];
  from.getContext("2d").fillRect(0, 0, width / 4, height / 4);
  const start = performance.now();
  await resizer.resize(from, to);
  return performance.now() - start;
}"""


@contextmanager
def chromium() -> Iterator[Page]:
    """A page with Pyodide, both engines, and what others enlarge pictures with."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        make_stock_runtime(Path(folder, "runtime"))
        Path(folder, "index.html").write_text("<!doctype html><title>speed</title>")
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = browser.new_page()
        page.goto(f"{Server(Path(folder)).address}/index.html")
        page.add_script_tag(path=CHECKOUT / "node_modules/pica/dist/pica.js")
        page.evaluate(LOAD, Path(timed_case.__file__).read_text())
        yield page
        browser.close()


def browser_ways(page: Page, work: Work) -> dict[str, Milliseconds]:
    pixels, small, bank, shape = work.arguments()
    arguments = [text(pixels), small, text(bank), shape]
    for engine in ENGINES:
        page.evaluate(PREPARE, [engine, *arguments])
    return {f"Chromium, {engine}": partial(page.evaluate, LUMA, engine) for engine in ENGINES}


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


# --- together ---------------------------------------------------------------------------------


def medians(ways: dict[str, Milliseconds], rounds: int) -> dict[str, float]:
    """Each way's median; they take turns."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            times[name].append(way())
    return {name: median(values) for name, values in times.items()}


def quick_figures() -> dict[str, float]:
    with chromium() as page:
        ways = native_ways(USUAL_WORK) | other_ways() | browser_ways(page, USUAL_WORK)
        ways["pica"] = partial(page.evaluate, PICA, USUAL[::-1])
        ways["whole"] = partial(page.evaluate, FULL, "kernel")
        found = medians(ways, 9)
    return {key: round(found[name], 2) for key, name in KEYS.items()}


def every_figure(rounds: int) -> tuple[list[tuple[str, dict[str, float]]], dict[str, float]]:
    """For each work the medians of its ways and peaks of memory; and what others need."""
    rows = []
    with chromium() as page:
        for work in WORKS:
            found = medians(native_ways(work) | browser_ways(page, work), rounds)
            found["MB, Numba"] = peak_megabytes(work)
            found["MB, Chromium"] = page.evaluate(MEMORY)
            rows.append((work.name, found))
        browser_ways(page, USUAL_WORK)
        others = other_ways()
        others["Chromium, pica"] = partial(page.evaluate, PICA, USUAL[::-1])
        others["Chromium, kernel, with colour"] = partial(page.evaluate, FULL, "kernel")
        return rows, medians(others, rounds)


@click.command()
@click.option("--quick", is_flag=True, help="Only what --json prints, within a minute.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--plot", type=click.Path(path_type=Path), help="Write a plot, too.")
def main(quick: bool, as_json: bool, plot: Path | None) -> None:
    # One core is what most figures are about, and what a busy machine has to spare.
    console = Console(width=120)
    if quick:
        figures = quick_figures()
        print(json.dumps(figures, indent=2)) if as_json else console.print(figures)
        return
    rows, others = every_figure(rounds=7)
    if as_json:
        print(json.dumps({"restoring": dict(rows), "others": others}, indent=2))
    else:
        print_tables(console, rows, others)
    if plot:
        draw(rows, plot)


def print_tables(
    console: Console, rows: list[tuple[str, dict[str, float]]], others: dict[str, float]
) -> None:
    table = Table("luma, milliseconds", *rows[0][1], box=None)
    for name, found in rows:
        table.add_row(name, *(f"{value:.1f}" for value in found.values()))
    console.print(table)
    table = Table("1.5 megapixels", "milliseconds", box=None)
    for name, value in others.items():
        table.add_row(name, f"{value:.1f}")
    console.print(table)


def draw(rows: list[tuple[str, dict[str, float]]], path: Path) -> None:
    """Milliseconds over megapixels, both in powers of ten."""
    sizes = [shape[0] * shape[1] / 1e6 for shape in SHAPES]
    figure, axes = plt.subplots(figsize=(7, 4.5))
    for way in (way for way in rows[0][1] if not way.startswith("MB")):
        axes.loglog(sizes, [found[way] for _, found in rows[: len(sizes)]], marker="o", label=way)
    axes.set_xlabel("megapixels of the full picture")
    axes.set_ylabel("milliseconds")
    axes.set_title("One stage at scale 2, luma")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
