"""How fast pictures are restored, natively and in Chromium, and how fast others enlarge them.

    python benchmarks/speed.py [--quick] [--json] [--plot docs/speed.png]

One photograph, cut or repeated to the size. All ways of a case take turns in the same run; figures
are medians, of luma alone unless said otherwise. What is done once for each bank is not timed.

UpscalerJS is left out: its packages fill 428 MB of node_modules. Measured apart, its slim model
took 7.4 s in Chromium for the usual picture, by WebAssembly.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import tracemalloc
from bisect import bisect_right
from collections.abc import Callable
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
import timed_page
from numpy.typing import NDArray
from PIL import AvifImagePlugin, Image
from playwright.sync_api import Page
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from raisr import kernels
from raisr.bank_store import BankStore
from raisr.codecs import base_codec
from raisr.decoding import decode
from raisr.images.downscaling import downscale_photo
from raisr.images.reading import decode_base, read_photo
from raisr_decoder.bank import Bank, save
from raisr_decoder.color import luma
from raisr_decoder.engine import NUMPY, Engine
from raisr_decoder.metadata import Metadata, pack
from raisr_decoder.shapes import base_shape

CHECKOUT = Path(__file__).parent.parent
PHOTO = CHECKOUT / "samples" / "two-dogs.jpg"
USUAL = (1000, 1500)
SHAPES = [(512, 768), USUAL, (2000, 3000), (4000, 6000)]
SCALES = [Fraction(1), Fraction(3, 2), Fraction(2), Fraction(4)]
TWICE = Fraction(2)
ROUNDS = 9

PAYLOAD_BYTES = 25_000
JPEG_BYTES = 100_000

NATIVE, TWO_CORES, PLAIN = "Numba, one core", "Numba, two cores", "NumPy"
KERNEL, CHROMIUM_PLAIN = "Chromium, kernel", "Chromium, NumPy"
NATIVE_PEAK, PLAIN_PEAK = "Numba, MB", "NumPy, MB"
OTHERS = "Pillow", "OpenCV", "JPEG", "AVIF", "Chromium, pica"
LANCZOS, PICA = "OpenCV, Lanczos", "Chromium, pica, with colour"
JPEG, AVIF = "JPEG of 100 KB, decoded", "AVIF of 25 KB, decoded"
KEYS = {
    "native_x2_ms": NATIVE,
    "opencv_lanczos_ms": LANCZOS,
    "jpeg_decode_ms": JPEG,
    "avif_decode_ms": AVIF,
    "chromium_numpy_x2_ms": CHROMIUM_PLAIN,
    "chromium_kernel_x2_ms": KERNEL,
    "chromium_pica_ms": PICA,
}
RESTORE = """
import sys
from pathlib import Path
from raisr.bank_store import BankStore
from raisr.decoding import decode
decode(Path(sys.argv[1]).read_bytes(), BankStore((Path(sys.argv[2]),)))
"""

Milliseconds = Callable[[], float]
Ways = dict[str, Milliseconds]
Medians = dict[str, float]


@dataclass(frozen=True)
class Work:
    """What is to be enlarged, how, and to what size."""

    shape: tuple[int, int]
    scale: Fraction = TWICE
    stages: int = 1

    @property
    def name(self) -> str:
        return f"{size_name(self.shape)}, scale {self.scale}, stages: {self.stages}"

    def arguments(self) -> tuple[bytes, tuple[int, int], bytes, tuple[int, int]]:
        """For `timed_case.prepare`, the engine aside."""
        small = base_shape(self.shape, self.scale)
        # No clean pictures need a bank of scale 1.
        base, quality = ("jpeg", 60) if self.scale == 1 else ("png", 100)
        bank = first_stages(BankStore().choose(base, self.scale, quality), self.stages)
        return picture(small).tobytes(), small, save(bank), self.shape


USUAL_WORK = Work(USUAL)
WORKS = [
    *(Work(shape) for shape in SHAPES),
    *(Work(USUAL, scale) for scale in SCALES if scale != TWICE),
    *(Work(USUAL, stages=stages) for stages in (2, 3)),
]


@dataclass(frozen=True)
class Figures:
    """What the full run finds: luma of all works, the usual picture beside others, the element."""

    works: dict[str, Medians]
    usual: Medians
    canvas: dict[str, Medians]


@click.command()
@click.option("--quick", is_flag=True, help="Only the most telling figures, within a minute.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as --quick always does.")
@click.option("--plot", type=click.Path(path_type=Path), help="Write a plot, too.")
def main(quick: bool, as_json: bool, plot: Path | None) -> None:
    # One core is what most figures are about.
    cv2.setNumThreads(1)
    threadpool_limits(1)
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    with tempfile.TemporaryDirectory() as scratch:
        site = Path(scratch, "site")
        timed_page.make_site(site)
        with timed_page.site_in_chromium(site) as open_page:
            if quick:
                print(json.dumps(measure_few(open_page()), indent=2))
                return
            figures = measure_all(site, open_page)
    if as_json:
        print(json.dumps(vars(figures), indent=2))
    else:
        print_tables(figures)
    if plot:
        draw(figures, plot)


def measure_few(page: Page) -> dict[str, float]:
    timed_page.load_engines(page)
    ways = native_ways(USUAL_WORK) | enlarging_ways() | decoding_ways() | page_ways(page)
    found = medians({name: ways[name] for name in KEYS.values()}, ROUNDS)
    return {key: round(found[name], 2) for key, name in KEYS.items()}


def measure_all(site: Path, open_page: Callable[[], Page]) -> Figures:
    page = open_page()
    timed_page.load_engines(page)
    works = {}
    for work in WORKS:
        ways = native_ways(work) | timed_page.luma_ways(page, *work.arguments())
        works[work.name] = medians(ways, ROUNDS) | peaks(work)
    ways = native_ways(USUAL_WORK) | enlarging_ways() | decoding_ways() | page_ways(page)
    usual = medians(ways | payload_ways(site), ROUNDS)
    page.close()
    canvas = {size_name(shape): measure_canvas(site, shape, open_page()) for shape in SHAPES}
    return Figures(works, usual, canvas)


def measure_canvas(site: Path, shape: tuple[int, int], page: Page) -> Medians:
    """How long the element takes in a page that does nothing else, and its worker's memory."""
    way = partial(timed_page.canvas_milliseconds, page, write_payload(site, shape, 1).name)
    way()
    found = medians({"payload to canvas": way}, ROUNDS)
    memory = timed_page.worker_megabytes(page)
    page.close()
    return found | {"WebAssembly, MB": memory}


def medians(ways: Ways, rounds: int) -> Medians:
    """Each way's median; they take turns."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            times[name].append(way())
    return {name: median(values) for name, values in times.items()}


def milliseconds(way: Callable[[], Any]) -> float:
    start = time.perf_counter()
    way()
    return 1000 * (time.perf_counter() - start)


# --- the ways ---------------------------------------------------------------------------------


def native_ways(work: Work) -> Ways:
    engines = {NATIVE: kernels.engine(1), TWO_CORES: kernels.engine(2), PLAIN: NUMPY}
    arguments = work.arguments()
    return {
        name: partial(timed_case.luma_milliseconds, timed_case.prepare(*arguments, engine), engine)
        for name, engine in engines.items()
    }


def enlarging_ways() -> Ways:
    """What others do with luma of the usual picture on one core."""
    small = luma(picture(base_shape(USUAL, TWICE)))
    image, size = Image.fromarray(small), USUAL[::-1]
    ways: dict[str, Callable[[], Any]] = {
        "Pillow, bicubic": lambda: image.resize(size, Image.Resampling.BICUBIC),
        "Pillow, Lanczos": lambda: image.resize(size, Image.Resampling.LANCZOS),
        "OpenCV, bicubic": lambda: cv2.resize(small, size, interpolation=cv2.INTER_CUBIC),
        LANCZOS: lambda: cv2.resize(small, size, interpolation=cv2.INTER_LANCZOS4),
    }
    return {name: partial(milliseconds, way) for name, way in ways.items()}


def decoding_ways() -> Ways:
    """Decoding the usual picture at full size, colour included."""
    files = {JPEG: coded(USUAL, "jpeg", JPEG_BYTES), AVIF: coded(USUAL, "avif", PAYLOAD_BYTES)}
    return {name: partial(milliseconds, partial(decode_base, data)) for name, data in files.items()}


def payload_ways(site: Path) -> Ways:
    """Payload to colours on one core; and in a process that has yet to import all."""
    banks = BankStore((site / "banks",))
    engine = kernels.engine(1)
    ways: dict[str, Callable[[], Any]] = {}
    for stages in (1, 2):
        payload = write_payload(site, USUAL, stages)
        ways[f"payload of 25 KB to colours, stages: {stages}"] = partial(
            decode, payload.read_bytes(), banks, engine
        )
    command = [sys.executable, "-c", RESTORE, payload, site / "banks"]
    ways["fresh process, import included"] = partial(subprocess.run, command, check=True)
    return {name: partial(milliseconds, way) for name, way in ways.items()}


def page_ways(page: Page) -> Ways:
    ways = timed_page.luma_ways(page, *USUAL_WORK.arguments())
    return ways | {PICA: partial(timed_page.pica_milliseconds, page, USUAL)}


# --- what they take ---------------------------------------------------------------------------


def picture(shape: tuple[int, int]) -> NDArray[np.uint8]:
    """The photograph with that many rows and columns."""
    photo = read_photo(PHOTO)
    rows, columns = (-(-size // have) for size, have in zip(shape, photo.shape, strict=False))
    return np.ascontiguousarray(np.tile(photo, (rows, columns, 1))[: shape[0], : shape[1]])


def first_stages(bank: Bank, stages: int) -> Bank:
    """A bank that ends early."""
    return replace(bank, stages=bank.stages[:stages])


def write_payload(site: Path, shape: tuple[int, int], stages: int) -> Path:
    """A payload at scale 2 with the usual bytes for its size, and its bank."""
    bank = first_stages(BankStore().choose("jpeg", TWICE, 50), stages)
    (site / "banks" / f"{bank.id}.bank").write_bytes(save(bank))
    size = PAYLOAD_BYTES * shape[0] * shape[1] // (USUAL[0] * USUAL[1])
    path = site / f"{shape[1]}-{stages}.jpg"
    path.write_bytes(pack(coded(shape, "jpeg", size, TWICE), Metadata(shape[1], shape[0], bank.id)))
    return path


def coded(shape: tuple[int, int], name: str, size: int, scale: Fraction = Fraction(1)) -> bytes:
    """The best file of a codec that has no more bytes than that."""
    codec = base_codec(name)
    small = downscale_photo(picture(shape), scale, codec.reduce)
    quality = bisect_right(
        range(1, 96), size, key=lambda quality: len(codec.encode(small, quality))
    )
    return codec.encode(small, quality)


def peaks(work: Work) -> Medians:
    """Megabytes that a whole restore allocates at most, the result included."""
    engines = {NATIVE_PEAK: kernels.engine(1), PLAIN_PEAK: NUMPY}
    return {name: peak_megabytes(work, engine) for name, engine in engines.items()}


def peak_megabytes(work: Work, engine: Engine) -> float:
    case = timed_case.prepare(*work.arguments(), engine)
    tracemalloc.start()
    timed_case.full_milliseconds(case, engine)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


# --- what is shown ----------------------------------------------------------------------------


def size_name(shape: tuple[int, int]) -> str:
    return f"{shape[0] * shape[1] / 1e6:.1f} megapixels"


def print_tables(figures: Figures) -> None:
    console = Console(width=180)
    ways = list(next(iter(figures.works.values())))
    table = Table("luma, milliseconds", *ways, "one / two", "megapixels/s", box=None)
    for work, found in zip(WORKS, figures.works.values(), strict=True):
        speed = work.shape[0] * work.shape[1] / 1000 / found[NATIVE]
        ratio = found[NATIVE] / found[TWO_CORES]
        numbers = (f"{value:.1f}" for value in found.values())
        table.add_row(work.name, *numbers, f"{ratio:.2f}", f"{speed:.0f}")
    console.print(table)
    table = Table(f"{size_name(USUAL)}, scale 2", "milliseconds", f"{NATIVE} = 1", box=None)
    for name, value in figures.usual.items():
        table.add_row(name, f"{value:.1f}", f"{value / figures.usual[NATIVE]:.2f}")
    console.print(table)
    table = Table("<raisr-img>, scale 2", *next(iter(figures.canvas.values())), box=None)
    for name, found in figures.canvas.items():
        table.add_row(name, *(f"{value:.0f}" for value in found.values()))
    console.print(table)


def draw(figures: Figures, path: Path) -> None:
    """Milliseconds over megapixels; and beside what others need for the usual picture."""
    sizes = [shape[0] * shape[1] / 1e6 for shape in SHAPES]
    rows = list(figures.works.values())[: len(SHAPES)]
    figure, (lines, bars) = plt.subplots(1, 2, figsize=(13, 5))
    for way in (NATIVE, TWO_CORES, PLAIN, KERNEL, CHROMIUM_PLAIN):
        lines.loglog(sizes, [found[way] for found in rows], marker="o", label=way)
    canvas = [found["payload to canvas"] for found in figures.canvas.values()]
    lines.loglog(sizes, canvas, marker="s", linestyle="--", label="payload to canvas")
    lines.set_xlabel("megapixels of the full picture")
    lines.set_ylabel("milliseconds")
    lines.set_title("One stage at scale 2: luma, and from payload to canvas")
    lines.grid(alpha=0.3)
    lines.legend()
    ranked = sorted(figures.usual.items(), key=lambda item: -item[1])
    names, values = zip(*ranked, strict=True)
    colors = ["tab:gray" if name.startswith(OTHERS) else "tab:blue" for name in names]
    found = bars.barh(names, values, color=colors, log=True)
    bars.bar_label(found, fmt="%.1f", padding=3)
    bars.set_xmargin(0.15)
    bars.set_xlabel("milliseconds")
    bars.set_title("1000 x 1500 pixels; gray: others")
    figure.tight_layout()
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    main()
