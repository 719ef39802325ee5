"""How fast images are decoded, natively and in Chromium, and how fast other programs upscale them.

    PYTHONPATH=. python benchmarks/speed.py [--quick] [--json] [--plot docs/speed.png]

One photograph is cropped or repeated to the size. Whatever is compared is timed by turns in the
same run; figures are medians, of luma alone unless said otherwise. What is done once for each bank
is not timed.

UpscalerJS is left out for its size; docs/experiments/training.md has its figures.
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
DECODE = """
import sys
from pathlib import Path
from raisr.bank_store import BankStore
from raisr.decoding import decode
decode(Path(sys.argv[1]).read_bytes(), BankStore((Path(sys.argv[2]),)))
"""

Milliseconds = Callable[[], float]
Timers = dict[str, Milliseconds]
Medians = dict[str, float]


@dataclass(frozen=True)
class Task:
    """An image to decode: rows and columns, scale, and stages of the bank."""

    shape: tuple[int, int]
    scale: Fraction = TWICE
    stages: int = 1

    @property
    def name(self) -> str:
        return f"{size_name(self.shape)}, scale {self.scale}, stages: {self.stages}"

    def arguments(self) -> tuple[bytes, tuple[int, int], bytes, tuple[int, int]]:
        """For `timed_case.prepare`, the engine aside."""
        small = base_shape(self.shape, self.scale)
        # There is no bank for clean images at scale 1.
        base = "jpeg" if self.scale == 1 else "png"
        bank = first_stages(BankStore().closest(base, self.scale), self.stages)
        return photograph(small).tobytes(), small, save(bank), self.shape


USUAL_TASK = Task(USUAL)
TASKS = [
    *(Task(shape) for shape in SHAPES),
    *(Task(USUAL, scale) for scale in SCALES if scale != TWICE),
    *(Task(USUAL, stages=stages) for stages in (2, 3)),
]


@dataclass(frozen=True)
class Figures:
    """What the full run finds: luma of all tasks, other programs at the usual size, the element."""

    tasks: dict[str, Medians]
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
    timers = native_timers(USUAL_TASK) | upscaling_timers() | file_timers() | page_timers(page)
    found = medians({name: timers[name] for name in KEYS.values()}, ROUNDS)
    return {key: round(found[name], 2) for key, name in KEYS.items()}


def measure_all(site: Path, open_page: Callable[[], Page]) -> Figures:
    page = open_page()
    timed_page.load_engines(page)
    tasks = {}
    for task in TASKS:
        timers = native_timers(task) | timed_page.luma_timers(page, *task.arguments())
        tasks[task.name] = medians(timers, ROUNDS) | peaks(task)
    timers = native_timers(USUAL_TASK) | upscaling_timers() | file_timers() | page_timers(page)
    usual = medians(timers | payload_timers(site), ROUNDS)
    page.close()
    canvas = {size_name(shape): measure_canvas(site, shape, open_page()) for shape in SHAPES}
    return Figures(tasks, usual, canvas)


def measure_canvas(site: Path, shape: tuple[int, int], page: Page) -> Medians:
    """How long the element takes in a page that does nothing else, and its worker's memory."""
    timer = partial(timed_page.canvas_milliseconds, page, write_payload(site, shape, 1).name)
    timer()
    found = medians({"payload to canvas": timer}, ROUNDS)
    memory = timed_page.worker_megabytes(page)
    page.close()
    return found | {"WebAssembly, MB": memory}


def medians(timers: Timers, rounds: int) -> Medians:
    """The median of each timer; they run by turns."""
    times: dict[str, list[float]] = {name: [] for name in timers}
    for _ in range(rounds):
        for name, timer in timers.items():
            times[name].append(timer())
    return {name: median(values) for name, values in times.items()}


def milliseconds(timer: Callable[[], Any]) -> float:
    start = time.perf_counter()
    timer()
    return 1000 * (time.perf_counter() - start)


# --- timers -----------------------------------------------------------------------------------


def native_timers(task: Task) -> Timers:
    engines = {NATIVE: kernels.engine(1), TWO_CORES: kernels.engine(2), PLAIN: NUMPY}
    arguments = task.arguments()
    return {
        name: partial(timed_case.luma_milliseconds, timed_case.prepare(*arguments, engine), engine)
        for name, engine in engines.items()
    }


def upscaling_timers() -> Timers:
    """Other programs that upscale luma to the usual size on one core."""
    small = luma(photograph(base_shape(USUAL, TWICE)))
    image, size = Image.fromarray(small), USUAL[::-1]
    timers: dict[str, Callable[[], Any]] = {
        "Pillow, bicubic": lambda: image.resize(size, Image.Resampling.BICUBIC),
        "Pillow, Lanczos": lambda: image.resize(size, Image.Resampling.LANCZOS),
        "OpenCV, bicubic": lambda: cv2.resize(small, size, interpolation=cv2.INTER_CUBIC),
        LANCZOS: lambda: cv2.resize(small, size, interpolation=cv2.INTER_LANCZOS4),
    }
    return {name: partial(milliseconds, timer) for name, timer in timers.items()}


def file_timers() -> Timers:
    """Decoding plain files of the usual size, colour included."""
    files = {JPEG: encoded(USUAL, "jpeg", JPEG_BYTES), AVIF: encoded(USUAL, "avif", PAYLOAD_BYTES)}
    return {name: partial(milliseconds, partial(decode_base, data)) for name, data in files.items()}


def payload_timers(site: Path) -> Timers:
    """Payload to output image on one core; and in a fresh process, imports included."""
    banks = BankStore((site / "banks",))
    engine = kernels.engine(1)
    timers: dict[str, Callable[[], Any]] = {}
    for stages in (1, 2):
        payload = write_payload(site, USUAL, stages)
        timers[f"payload of 25 KB to output image, stages: {stages}"] = partial(
            decode, payload.read_bytes(), banks, engine
        )
    command = [sys.executable, "-c", DECODE, payload, site / "banks"]
    timers["fresh process, import included"] = partial(subprocess.run, command, check=True)
    return {name: partial(milliseconds, timer) for name, timer in timers.items()}


def page_timers(page: Page) -> Timers:
    timers = timed_page.luma_timers(page, *USUAL_TASK.arguments())
    return timers | {PICA: partial(timed_page.pica_milliseconds, page, USUAL)}


# --- what they take ---------------------------------------------------------------------------


def photograph(shape: tuple[int, int]) -> NDArray[np.uint8]:
    """The photograph with that many rows and columns."""
    photo = read_photo(PHOTO)
    rows, columns = (-(-size // have) for size, have in zip(shape, photo.shape, strict=False))
    return np.ascontiguousarray(np.tile(photo, (rows, columns, 1))[: shape[0], : shape[1]])


def first_stages(bank: Bank, stages: int) -> Bank:
    """A bank that ends early."""
    return replace(bank, stages=bank.stages[:stages])


def write_payload(site: Path, shape: tuple[int, int], stages: int) -> Path:
    """A payload at scale 2 with the usual bytes for its size, and its bank."""
    bank = first_stages(BankStore().closest("jpeg", TWICE), stages)
    (site / "banks" / f"{bank.id}.bank").write_bytes(save(bank))
    size = PAYLOAD_BYTES * shape[0] * shape[1] // (USUAL[0] * USUAL[1])
    path = site / f"{shape[1]}-{stages}.jpg"
    metadata = Metadata(shape[1], shape[0], timed_case.QUALITY, bank.id)
    path.write_bytes(pack(encoded(shape, "jpeg", size, TWICE), metadata))
    return path


def encoded(shape: tuple[int, int], name: str, size: int, scale: Fraction = Fraction(1)) -> bytes:
    """The file of the highest quality that fits into so many bytes."""
    codec = base_codec(name)
    small = downscale_photo(photograph(shape), scale, codec.downscale)
    quality = bisect_right(
        range(1, 96), size, key=lambda quality: len(codec.encode(small, quality))
    )
    return codec.encode(small, quality)


def peaks(task: Task) -> Medians:
    """Megabytes that decoding allocates at most, the output image included."""
    engines = {NATIVE_PEAK: kernels.engine(1), PLAIN_PEAK: NUMPY}
    return {name: peak_megabytes(task, engine) for name, engine in engines.items()}


def peak_megabytes(task: Task, engine: Engine) -> float:
    case = timed_case.prepare(*task.arguments(), engine)
    tracemalloc.start()
    timed_case.image_milliseconds(case, engine)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


# --- what is shown ----------------------------------------------------------------------------


def size_name(shape: tuple[int, int]) -> str:
    return f"{shape[0] * shape[1] / 1e6:.1f} megapixels"


def print_tables(figures: Figures) -> None:
    console = Console(width=180)
    timers = list(next(iter(figures.tasks.values())))
    table = Table("luma, milliseconds", *timers, "one / two", "megapixels/s", box=None)
    for task, found in zip(TASKS, figures.tasks.values(), strict=True):
        speed = task.shape[0] * task.shape[1] / 1000 / found[NATIVE]
        ratio = found[NATIVE] / found[TWO_CORES]
        numbers = (f"{value:.1f}" for value in found.values())
        table.add_row(task.name, *numbers, f"{ratio:.2f}", f"{speed:.0f}")
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
    """Milliseconds over megapixels, and beside those of other programs at the usual size."""
    sizes = [shape[0] * shape[1] / 1e6 for shape in SHAPES]
    rows = list(figures.tasks.values())[: len(SHAPES)]
    figure, (lines, bars) = plt.subplots(1, 2, figsize=(13, 5))
    for timer in (NATIVE, TWO_CORES, PLAIN, KERNEL, CHROMIUM_PLAIN):
        lines.loglog(sizes, [found[timer] for found in rows], marker="o", label=timer)
    canvas = [found["payload to canvas"] for found in figures.canvas.values()]
    lines.loglog(sizes, canvas, marker="s", linestyle="--", label="payload to canvas")
    lines.set_xlabel("megapixels of the output image")
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
    bars.set_title("1000 x 1500 pixels; gray: other programs")
    figure.tight_layout()
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    main()
