"""A plot of a bank: the tree of each filter stage, with the filters at its leaves.

The paper shows its filters in a table of angle, strength and coherence (Romano, Isidoro, Milanfar,
2016, figure 5). Here a tree sorts the cells, so the table becomes a tree: questions on the left,
and in the row of each leaf the filters of some output pixels as small squares, at a low, a middle
and a high quality. Above the tree are the mean filter and the basis filters that they are made of.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from raisr.evaluation.tree_drawing import (
    GAP,
    LEVEL,
    LINE,
    SMALL,
    Question,
    draw_meanings,
    draw_questions,
    features,
    leaves,
    questions,
)
from raisr_decoder.bank import Bank, BankStage, noise_at
from raisr_decoder.cells import PATCH
from raisr_decoder.filters import NOISE_BITS, WEIGHT_BITS, BlendStage, LowRankStage, ResizeStage
from raisr_decoder.limits import MAX_NOISE, MAX_QUALITY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DPI = 100
TAP = 4
"""Pixels of the plot to a weight."""
TILE = PATCH * TAP + GAP
"""Pixels from one filter to the next."""
EDGE, WIDTH = 16, 900
"""Pixels around the plot, and of its text from left to right."""
LARGE = 11

MAX_OUTPUTS = 4
"""Outputs whose filters are shown."""
IN_A_ROW = 23
"""The mean and basis filters side by side."""

COLORS = "RdBu_r"
"""Negative weights blue, zero white, positive red."""
KEY_WEIGHTS = (-0.5, -0.2, -0.05, -0.01, 0.0, 0.01, 0.05, 0.2, 0.5, 1.0, 2.0)

EXPLANATION = (
    "A square is a filter: what each of the 8 x 8 pixels around the cell adds to the output pixel "
    "that is marked beside it or above it.",
    "Patches are flipped and turned first, so that brightness changes from left to right more "
    "than from top to bottom.",
    "The filter of a bucket is the mean filter plus the basis filters, each times a coefficient of "
    "the bucket that is linear in the coding noise.",
    "From each question the upper branch is no, the lower one yes.",
)


def plot_bank(bank: Bank) -> bytes:
    """A plot of a bank as a PNG file; it needs the extra `raisr[train]`."""
    # Slow to import, and needed here alone.
    from matplotlib.figure import Figure

    figure = Figure(dpi=DPI)
    axes = figure.add_axes((0, 0, 1, 1), autoscale_on=False)
    axes.set_axis_off()
    noise = {quality: noise_at(quality, bank.noise) for quality in shown_qualities(bank.noise)}
    filters = [
        {quality: stage.at(level).weights for quality, level in noise.items()}
        if isinstance(stage, LowRankStage)
        else {}
        for stage in bank.stages
    ]
    largest = [float(np.abs(weights).max()) for each in filters for weights in each.values()]
    limit = max(largest, default=1.0)

    bottom = _draw_title(axes, bank, limit / (1 << WEIGHT_BITS))
    bottom = _draw_noise(axes, bank.noise, set(noise), bottom)
    asked: set[int] = set()
    for number, (stage, weights) in enumerate(zip(bank.stages, filters, strict=True), start=1):
        heading = f"stage {number} of {len(bank.stages)}: {_words(stage)}"
        bottom += 2 * LINE
        axes.text(EDGE, bottom, heading, size=LARGE, weight="bold", va="center")
        bottom += LINE
        if isinstance(stage, LowRankStage):
            root = questions(stage.tree)
            asked |= features(root)
            strengths = basis_strengths(stage, leaves(root), bank.noise)
            bottom = _draw_basis(axes, stage, strengths, limit, bottom)
            bottom = _draw_tree(axes, stage, root, weights, limit, bottom)
    for sentence in EXPLANATION:
        bottom += LINE
        axes.text(EDGE, bottom, sentence, size=SMALL, va="center")
    bottom = draw_meanings(axes, asked, EDGE, bottom + LINE)

    width = 2 * EDGE + max(WIDTH, *(_tree_width(stage, len(noise)) for stage in bank.stages))
    height = bottom + EDGE
    axes.set(xlim=(0, width), ylim=(height, 0))
    figure.set_size_inches(width / DPI, height / DPI)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


# --- what is shown ------------------------------------------------------------------------------


def shown_qualities(knots: Sequence[tuple[int, int]]) -> list[int]:
    """The lowest and highest quality whose noise a bank states, and the one half-way in noise."""
    (lowest, most), (highest, least) = knots[0], knots[-1]
    between = range(lowest, highest + 1)
    middle = min(between, key=lambda each: abs(2 * noise_at(each, knots) - most - least))
    return sorted({lowest, middle, highest})


def shown_outputs(block: int) -> list[int]:
    """Outputs whose filters are shown: all of four, else some of the diagonal."""
    if block == 2:
        return list(range(4))
    diagonal = np.linspace(0, block - 1, min(block, MAX_OUTPUTS)).round().astype(int)
    return [int(place) * (block + 1) for place in diagonal]


def basis_strengths(
    stage: LowRankStage, buckets: list[int], knots: Sequence[tuple[int, int]]
) -> NDArray[np.float64]:
    """What each basis filter adds to a weight, root mean square over buckets and qualities.

    Parameters
    ----------
    stage : LowRankStage
    buckets : list of int
    knots : sequence of (int, int)
        Qualities and their noise.

    Returns
    -------
    ndarray of shape (rank,), float64
    """
    noise = np.array([level for _, level in knots]) / (1 << NOISE_BITS)
    coefficients = stage.constant[buckets] + noise[:, None, None] * stage.slope[buckets]
    coefficients *= np.exp2(-stage.shift.astype(np.float64))
    weights = stage.basis / float(1 << WEIGHT_BITS)
    mean_square = (coefficients**2).mean(axis=(0, 1)) * (weights**2).mean(axis=(1, 2))
    return np.asarray(np.sqrt(mean_square))


def filter_squares(filters: NDArray[Any], limit: float) -> NDArray[np.float64]:
    """Filters as one image of levels, NaN between them.

    Levels are square roots of weights, so that small ones can be seen beside large ones.

    Parameters
    ----------
    filters : ndarray of shape (rows, 64, columns)
        A filter for each row and column of squares.
    limit : float
        The absolute weight whose level is 1.
    """
    rows, _, columns = filters.shape
    squares = np.full((rows * TILE, columns * TILE), np.nan)
    tiles = squares.reshape(rows, TILE, columns, TILE)
    levels = np.sign(filters) * np.sqrt(np.abs(filters) / limit)
    small = levels.transpose(0, 2, 1).reshape(rows, columns, PATCH, PATCH)
    large = small.repeat(TAP, axis=2).repeat(TAP, axis=3)
    tiles[:, : TILE - GAP, :, : TILE - GAP] = large.transpose(0, 2, 1, 3)
    return squares


def _words(stage: BankStage) -> str:
    match stage:
        case LowRankStage():
            block = f"{stage.block} x {stage.block}"
            return f"each cell of 2 x 2 pixels becomes {block}, by the filter of its bucket"
        case ResizeStage((lowest, highest)):
            return f"bicubic resize, for scales {lowest}-{highest}"
        case BlendStage(strength):
            return f"blend back towards bicubic, strength {strength}"


# --- parts of the plot: each is drawn below a row, and returns the row where it ends --------------


def _draw_title(axes: Axes, bank: Bank, limit: float) -> float:
    scale = "any scale" if bank.scale is None else f"scale {bank.scale}"
    axes.text(
        EDGE, EDGE + LINE / 2, f"bank {bank.id}: {bank.base}, {scale}", size=LARGE, va="center"
    )
    middle = EDGE + 2 * LINE
    axes.text(EDGE, middle, "weights:", size=SMALL, va="center")
    fitting = [weight for weight in KEY_WEIGHTS if abs(weight) <= limit]
    for position, weight in enumerate(fitting):
        left = EDGE + 50 + 62 * position
        level = np.sign(weight) * np.sqrt(abs(weight) / limit)
        _draw_levels(axes, np.full((16, 16), level), left, middle - 8)
        axes.text(left + 20, middle, f"{weight:g}", size=SMALL, va="center")
    return middle + LINE


def _draw_noise(axes: Axes, knots: Sequence[tuple[int, int]], shown: set[int], top: float) -> float:
    """The coding noise over the quality as a curve."""
    if len(knots) == 1:
        words = "The filters are the same at every quality."
        axes.text(EDGE, top + LINE / 2, words, size=SMALL, va="center")
        return top + LINE
    words = "coding noise over quality: what the filters depend on, in straight lines"
    axes.text(EDGE, top + LINE / 2, words, size=SMALL, va="center")
    left, across, down = EDGE + 30, 8, 0.7
    zero = top + 2 * LINE + MAX_NOISE * down
    floor = zero + MAX_NOISE * down
    for level in (MAX_NOISE, 0, -MAX_NOISE):
        row = zero - level * down
        axes.plot([left, left + MAX_QUALITY * across], [row, row], color="0.85", linewidth=0.8)
        axes.text(left - 4, row, str(level), size=SMALL, va="center", ha="right", color="0.4")
    qualities, levels = np.array([(0, knots[0][1]), *knots, (MAX_QUALITY, knots[-1][1])]).T
    columns, rows = left + qualities * across, zero - levels * down
    axes.plot(columns, rows, color="0.3", linewidth=1)
    axes.plot(columns[1:-1], rows[1:-1], ".", color="0.3")
    for (quality, level), column, row in zip(knots, columns[1:-1], rows[1:-1], strict=True):
        axes.plot([column, column], [floor, floor + 3], color="0.4", linewidth=0.8)
        axes.text(column, row - 4, str(level), size=SMALL, ha="center", va="bottom")
        axes.text(column, floor + 4, str(quality), size=SMALL, ha="center", va="top")
    for quality in shown:
        column = left + quality * across
        axes.plot([column, column], [zero - MAX_NOISE * down, floor], color="0.85", zorder=0)
    return floor + 4 + LINE


def _draw_basis(
    axes: Axes, stage: LowRankStage, strengths: NDArray[np.float64], limit: float, top: float
) -> float:
    """The mean filter, and the basis filters with the largest weight of each as dark as can be."""
    words = (
        "mean and basis filters (basis filters are scaled to be seen; below each: thousandths that "
        "it adds to a weight, root mean square)"
    )
    axes.text(EDGE, top + LINE / 2, words, size=SMALL, va="center")
    top += LINE
    outputs = shown_outputs(stage.block)
    highest = np.abs(stage.basis.astype(np.float64)).max(axis=(1, 2), keepdims=True)
    levels = np.concatenate([stage.mean[None] / limit, stage.basis / np.maximum(highest, 1)])
    names = ["mean", *map(str, range(1, len(stage.basis) + 1))]
    below = ["", *(f"{1000 * strength:.3g}" for strength in strengths)]
    for first in range(0, len(levels), IN_A_ROW):
        part = slice(first, first + IN_A_ROW)
        for row, output in enumerate(outputs):
            _draw_output_key(axes, stage.block, output, EDGE, top + LINE + row * TILE)
        left = EDGE + TILE
        squares = filter_squares(levels[part][..., outputs].transpose(2, 1, 0), 1)
        _draw_levels(axes, squares, left, top + LINE)
        bottom = top + LINE + len(squares)
        for place, (name, strength) in enumerate(zip(names[part], below[part], strict=True)):
            middle = left + place * TILE + (TILE - GAP) / 2
            axes.text(middle, top + LINE / 2, name, size=SMALL, ha="center", va="center")
            axes.text(
                middle, bottom + LINE / 2 - GAP, strength, size=SMALL, ha="center", va="center"
            )
        top = bottom + LINE
    return top


def _tree_width(stage: BankStage, qualities: int) -> int:
    if not isinstance(stage, LowRankStage):
        return 0
    return stage.tree.depth * LEVEL + qualities * _group_width(stage)


def _group_width(stage: LowRankStage) -> int:
    """Pixels from the filters of one quality to those of the next."""
    return len(shown_outputs(stage.block)) * TILE + 4 * GAP


def _draw_tree(
    axes: Axes,
    stage: LowRankStage,
    root: Question | int,
    weights: dict[int, NDArray[np.int32]],
    limit: float,
    top: float,
) -> float:
    """The tree, and at each leaf its filters; `weights` are those at each quality."""
    buckets, outputs = leaves(root), shown_outputs(stage.block)
    first = top + 2 * LINE + TILE
    middle = {bucket: first + TILE * row + (TILE - GAP) / 2 for row, bucket in enumerate(buckets)}
    left = EDGE + stage.tree.depth * LEVEL
    draw_questions(axes, root, EDGE, left, middle)
    for quality, filters in weights.items():
        axes.text(left, first - TILE - LINE / 2, f"quality {quality}", size=LARGE, va="center")
        for column, output in enumerate(outputs):
            _draw_output_key(axes, stage.block, output, left + column * TILE, first - TILE)
        _draw_levels(axes, filter_squares(filters[buckets][..., outputs], limit), left, first)
        left += _group_width(stage)
    return first + len(buckets) * TILE


def _draw_output_key(axes: Axes, block: int, output: int, left: float, top: float) -> None:
    """A small output block with the pixel that the filters beside it or below it give."""
    pixels = np.full(block**2, 0.9)
    pixels[output] = 0.2
    size = TILE - 2 * GAP
    axes.imshow(
        pixels.reshape(block, block),
        extent=(left + 2, left + 2 + size, top + 2 + size, top + 2),
        cmap="gray",
        vmin=0,
        vmax=1,
        interpolation="nearest",
        aspect="auto",
    )


def _draw_levels(axes: Axes, levels: NDArray[np.float64], left: float, top: float) -> None:
    """Levels of -1..1, one to a pixel."""
    rows, columns = levels.shape
    axes.imshow(
        levels,
        extent=(left, left + columns, top + rows, top),
        cmap=COLORS,
        vmin=-1,
        vmax=1,
        interpolation="nearest",
        aspect="auto",
    )
