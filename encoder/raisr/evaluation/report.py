"""The HTML page of a comparison: plots, BD-rates and crops of the output images."""

from __future__ import annotations

import base64
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from raisr.bank_store import BankStore
from raisr.evaluation.bd_rate import bd_rate_rows
from raisr.evaluation.comparison import (
    BASELINES,
    METRICS,
    RATES,
    Comparison,
    Point,
    mean_curve,
    methods,
    output_image,
    plain_codecs,
)
from raisr.images.reading import read_photo
from raisr.images.writing import save_png
from raisr_decoder.color import luma

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CROP = 256, 340
"""Rows and columns of a crop."""
CROP_RATE = 0.2
"""Bits per pixel of the files whose crops are shown."""
SHOWN = "JPEG", "WebP", "AVIF", "raisr jpeg", "raisr auto"

COLORS = {"jpeg": "#d9730d", "webp": "#16936a", "avif": "#3b82d6", "auto": "#c2449c"}
DASHES = "6 3", "1.5 2"
"""Lines of the first and the second baseline of a base."""


@dataclass(frozen=True)
class Line:
    """How the curve of a method is drawn."""

    method: str
    color: str
    dashes: str


@dataclass(frozen=True)
class Crop:
    """A part of an image, at 100 %.

    Attributes
    ----------
    method : str
        "reference" for the photograph.
    png : str
        Data URI.
    size : int or None
        Bytes of the file.
    point : Point or None
    """

    method: str
    png: str
    size: int | None
    point: Point | None


def render(comparisons: Sequence[Comparison], banks: BankStore) -> str:
    """The page, in one HTML file that needs no other.

    Parameters
    ----------
    comparisons : sequence of Comparison
        At least one.
    banks : BankStore
        As the photographs were encoded with.

    Raises
    ------
    InputUnreadable, ImageUnreadable, LimitExceeded, BankError
    """
    from jinja2 import Environment, PackageLoader

    page = Environment(
        loader=PackageLoader("raisr.evaluation", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("report.html")
    return page.render(
        lines=lines(),
        metrics=METRICS,
        rates=RATES,
        mean=section(comparisons) if len(comparisons) > 1 else None,
        photographs=[
            {"comparison": each, "crops": crops(each, banks), **section([each])}
            for each in comparisons
        ],
    )


def section(comparisons: Sequence[Comparison]) -> dict[str, object]:
    """Plots and BD-rates of one photograph, or of the mean of several."""
    curves = {method: mean_curve(comparisons, method) for method in methods()}
    return {
        "plots": [plot(curves, metric) for metric in METRICS],
        "bd_rates": bd_rate_rows(comparisons),
    }


def lines() -> list[Line]:
    """The legend: raisr's methods are solid, the codecs by themselves dashed in the same colour."""
    dashes = {
        baseline: DASHES[place]
        for baselines in BASELINES.values()
        for place, baseline in enumerate(baselines)
    }
    bases = {method: codec.name for method, codec in plain_codecs().items()}
    bases |= {method: method.removeprefix("raisr ") for method in BASELINES}
    return [Line(method, COLORS[bases[method]], dashes.get(method, "")) for method in methods()]


# --- plots ------------------------------------------------------------------------------------


def plot(curves: dict[str, list[Point]], metric: str) -> str:
    """Bits per pixel against one metric, as an SVG element in the colours of its page."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # Text stays text, in the font of the page; a salt of its own keeps the ids of plots apart.
    salt = repr((metric, curves))
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": salt, "font.size": 9}):
        figure = Figure((3.7, 2.9), layout="constrained")
        draw(figure.add_subplot(), curves, metric)
        stream = io.StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(stream, format="svg", transparent=True, metadata=nothing)
    return _for_a_page(stream.getvalue(), METRICS[metric])


def draw(axes: Axes, curves: dict[str, list[Point]], metric: str) -> None:
    """Bits per pixel against one metric: a line for each method."""
    for line in lines():
        points = curves[line.method]
        axes.plot(
            [point.rate for point in points],
            [getattr(point, metric) for point in points],
            color=line.color,
            linewidth=1.2 if line.dashes else 1.8,
            linestyle=(0, tuple(map(float, line.dashes.split()))) if line.dashes else "-",
            marker="" if line.dashes else "o",
            markersize=3,
        )
    axes.set_xscale("log")
    axes.set_xticks(RATES, [f"{rate:g}" for rate in RATES])
    axes.minorticks_off()
    axes.set_xlabel("bits per pixel")
    axes.set_title(METRICS[metric], size=10)
    axes.set_ylim(bottom=_lowest(curves, metric))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _lowest(curves: dict[str, list[Point]], metric: str) -> float | None:
    """Where an axis starts: a plain codec may fall so low that the other curves would coincide."""
    levels = [getattr(point, metric) for method in BASELINES for point in curves[method]]
    finite = [level for level in levels if math.isfinite(level)]
    return min(finite) - 0.1 * (max(finite) - min(finite)) if len(set(finite)) > 1 else None


def _for_a_page(svg: str, name: str) -> str:
    """The SVG element of a file, without ids that others on the page may have, in its colours."""
    element = svg[svg.index("<svg") :]
    element = re.sub(r' id="[\w.]+_\d+"', "", element)
    element = re.sub(r' (width|height)="[\d.]+pt"', "", element, count=2)
    element = re.sub(r"#000000|(?<=: )black", "currentColor", element)
    return element.replace("<svg", f'<svg role="img" aria-label="{name} by bits per pixel"', 1)


# --- crops ------------------------------------------------------------------------------------


def crops(comparison: Comparison, banks: BankStore) -> list[Crop]:
    """The area of most detail, of the photograph and of the output image of each method."""
    photo = read_photo(comparison.photo)
    area = busiest_area(photo)
    shown = [Crop("reference", _data_uri(photo[area]), None, None)]
    for method in SHOWN:
        if files := comparison.files[method]:
            file = files.get(CROP_RATE) or files[min(files)]
            png = _data_uri(output_image(file.encoded, banks)[area])
            shown.append(Crop(method, png, len(file.encoded.payload), file.point))
    return shown


def busiest_area(photo: NDArray[np.uint8]) -> tuple[slice, slice]:
    """Rows and columns of the crop with the largest mean gradient of luma."""
    plane = luma(photo).astype(np.float64)
    steep = np.hypot(*(np.abs(np.gradient(plane, axis=axis)) for axis in (0, 1)))
    total = np.pad(steep.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    rows, columns = (min(size, crop) for size, crop in zip(plane.shape, CROP, strict=True))
    sums = (
        total[rows:, columns:]
        - total[:-rows, columns:]
        - total[rows:, :-columns]
        + total[:-rows, :-columns]
    )
    top, left = map(int, np.unravel_index(sums.argmax(), sums.shape))
    return slice(top, top + rows), slice(left, left + columns)


def _data_uri(image: NDArray[np.uint8]) -> str:
    png = save_png(np.ascontiguousarray(image))
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
