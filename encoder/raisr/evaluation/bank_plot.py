"""A plot of a bank: the tree of each filter stage, with the filters at its leaves.

The paper shows its filters in a table of angle, strength and coherence (Romano, Isidoro, Milanfar,
2016, figure 5). Here a tree sorts the cells, so the table becomes a tree: questions on the left,
and in the row of each leaf the filters of some output pixels as small squares.
"""

from __future__ import annotations

import io
from colorsys import hsv_to_rgb
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from raisr.training.tree_growing import NEVER
from raisr_decoder.bank import WEIGHT_BITS, Bank, BlendStage, FilterStage, ResizeStage
from raisr_decoder.cells import PATCH
from raisr_decoder.features import FEATURES, RATIO_BITS, WINDOW
from raisr_decoder.tree import Tree

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DPI = 100
TAP, GAP = 4, 4
"""Pixels of the plot to a weight, and between the squares of two filters."""
TILE = PATCH * TAP + GAP
LEVEL = 132
"""Pixels between the questions of two levels."""
EDGE, HEAD, LINE = 16, 76, 17
"""Pixels around the plot, above the filters of a stage, and from one line of text to the next."""
SMALL, LARGE = 7.5, 11

COLORS = "RdBu_r"
"""Negative weights blue, zero white, positive red."""
KEY_WEIGHTS = (-0.5, -0.2, -0.05, -0.01, 0.0, 0.01, 0.05, 0.2, 0.5, 1.0, 2.0)


@dataclass(frozen=True)
class Measure:
    """How a feature is shown to people: in units of the image instead of sums and squares.

    Attributes
    ----------
    divisor : int
    squared : bool
        Whether the feature, divided, is a mean of squares; its root is shown.
    meaning : str
    """

    divisor: int
    squared: bool
    meaning: str

    def show(self, threshold: int) -> str:
        value = threshold / self.divisor
        return f"{np.sqrt(value) if self.squared else value:.3g}"


MEASURES = {
    # A central difference spans two pixels, so its square counts four times.
    "strength": Measure(4 * sum(WINDOW) ** 2, True, "gradient around the cell, levels per pixel"),
    "coherence": Measure(1 << RATIO_BITS, False, "do gradients agree? 0: not at all, 1: a line"),
    "angle": Measure(1 << RATIO_BITS, False, "0: along rows or columns, 1: diagonal"),
    "offset": Measure(2 << RATIO_BITS, False, "from the cell to where gradients are, pixels"),
    "inner strength": Measure(16, True, "gradient within the cell, levels per pixel"),
    "roughness": Measure(16, True, "Laplacian of the middle 4 x 4 pixels, levels"),
    "contrast": Measure(1, False, "brightest minus darkest pixel of the cell, levels"),
    "saddle": Measure(2, False, "one diagonal of the cell minus the other, levels"),
    "step across": Measure(2, False, "step within the cell along the gradient, levels"),
    "step along": Measure(2, False, "step within the cell along the edge, levels"),
    "curvature": Measure(4, False, "cell minus its neighbours along the gradient, levels"),
    "signed curvature": Measure(
        4, False, "the same, negated where the steeper side is the darker one"
    ),
    "slope": Measure(18, False, "slope of the middle 4 x 4 pixels, levels per pixel"),
    "brightness": Measure(4, False, "mean of the cell, 0..255"),
}


@dataclass(frozen=True)
class Question:
    """A node at which cells part.

    Attributes
    ----------
    feature : int
        Index into `FEATURES`.
    threshold : int
    no, yes : Question or int
        Where cells go whose feature does not exceed the threshold, or does; a leaf is its number.
    """

    feature: int
    threshold: int
    no: Question | int
    yes: Question | int


def plot_bank(bank: Bank) -> bytes:
    """A plot of a bank as a PNG file; it needs the extra `raisr[train]`."""
    # Slow to import, and needed here alone.
    from matplotlib.figure import Figure

    roots = [questions(s.tree) if isinstance(s, FilterStage) else None for s in bank.stages]
    asked = sorted({feature for root in roots if root is not None for feature in features(root)})
    heights = [HEAD + len(leaves(root)) * TILE if root is not None else HEAD for root in roots]
    foot = (len(asked) + 4) * LINE
    width = 2 * EDGE + max(860, *(_width(stage) for stage in bank.stages))
    height = 2 * EDGE + 2 * LINE + sum(heights) + foot

    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    weights = [s.weights for s in bank.stages if isinstance(s, FilterStage)]
    limit = max((float(np.abs(each).max()) for each in weights), default=1.0)
    _title(axes, bank, limit / (1 << WEIGHT_BITS))
    top = EDGE + 2 * LINE
    for number, (stage, root, tall) in enumerate(zip(bank.stages, roots, heights, strict=True)):
        prefix = f"stage {number + 1} of {len(bank.stages)}: "
        axes.text(EDGE, top + 1.5 * LINE, prefix + _words(stage), size=LARGE, weight="bold")
        if isinstance(stage, FilterStage) and root is not None:
            _draw_stage(axes, stage, root, top + HEAD, limit)
        top += tall
    _explain(axes, asked, top + LINE)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def questions(tree: Tree, node: int = 0) -> Question | int:
    """The part of a tree below a node, without the questions that no cell answers with yes."""
    if node >= len(tree.feature):
        return node - len(tree.feature)
    no = questions(tree, 2 * node + 1)
    if tree.threshold[node] == NEVER:
        return no
    yes = questions(tree, 2 * node + 2)
    return Question(int(tree.feature[node]), int(tree.threshold[node]), no, yes)


def leaves(root: Question | int) -> list[int]:
    """Numbers of the buckets that a cell can reach, in order."""
    return [root] if isinstance(root, int) else leaves(root.no) + leaves(root.yes)


def features(root: Question | int) -> set[int]:
    """Features that are asked for."""
    if isinstance(root, int):
        return set()
    return {root.feature} | features(root.no) | features(root.yes)


def shown_outputs(block: int) -> list[int]:
    """Outputs whose filters are shown: all of four, else the diagonal; the others look alike."""
    return list(range(4)) if block == 2 else list(range(0, block**2, block + 1))


def filter_squares(
    weights: NDArray[np.int32], buckets: list[int], shown: list[int], limit: float
) -> NDArray[np.float64]:
    """Filters as one image of levels -1..1, NaN between them.

    Levels are square roots of weights, so that small ones can be seen beside large ones.

    Parameters
    ----------
    weights : ndarray of shape (buckets, 64, q * q), int32
    buckets : list of int
        One for each row of filters.
    shown : list of int
        An output for each column of filters.
    limit : float
        The largest absolute weight.
    """
    outputs = len(shown)
    squares = np.full((len(buckets) * TILE, outputs * TILE), np.nan)
    tiles = squares.reshape(len(buckets), TILE, outputs, TILE)
    levels = np.sign(weights) * np.sqrt(np.abs(weights) / limit)
    filters = levels[buckets][..., shown].transpose(0, 2, 1).reshape(-1, outputs, PATCH, PATCH)
    large = filters.repeat(TAP, axis=2).repeat(TAP, axis=3)
    tiles[:, : TILE - GAP, :, : TILE - GAP] = large.transpose(0, 2, 1, 3)
    return squares


def _width(stage: ResizeStage | FilterStage | BlendStage) -> int:
    if not isinstance(stage, FilterStage):
        return 0
    return stage.tree.depth * LEVEL + len(shown_outputs(stage.block)) * TILE


def _words(stage: ResizeStage | FilterStage | BlendStage) -> str:
    match stage:
        case FilterStage():
            block = f"{stage.block} x {stage.block}"
            return f"each cell of 2 x 2 pixels becomes {block}, by the filter of its bucket"
        case ResizeStage((lowest, highest)):
            return f"bicubic resize, for scales {lowest}-{highest}"
        case BlendStage(strength):
            return f"blend back towards bicubic, strength {strength}"


def _title(axes: Axes, bank: Bank, limit: float) -> None:
    lowest, highest = bank.quality
    scale = "any scale" if bank.scale is None else f"scale {bank.scale}"
    words = f"bank {bank.id}: {bank.base}, quality {lowest}-{highest}, {scale}"
    axes.text(EDGE, EDGE + LINE, words, size=LARGE)
    axes.text(EDGE, EDGE + 2 * LINE, "weights:", size=SMALL, va="center")
    fitting = [weight for weight in KEY_WEIGHTS if abs(weight) <= limit]
    for position, weight in enumerate(fitting):
        left, y = EDGE + 50 + 62 * position, EDGE + 2 * LINE
        level = np.sign(weight) * np.sqrt(abs(weight) / limit)
        _image(axes, np.full((1, 1), level), (left, left + 16), (y - 8, y + 8))
        axes.text(left + 20, y, f"{weight:g}", size=SMALL, va="center")


def _draw_stage(
    axes: Axes, stage: FilterStage, root: Question | int, top: float, limit: float
) -> None:
    buckets = leaves(root)
    middle = {bucket: top + TILE * row + (TILE - GAP) / 2 for row, bucket in enumerate(buckets)}
    right = EDGE + stage.tree.depth * LEVEL
    _draw_questions(axes, root, EDGE, right, middle)
    shown = shown_outputs(stage.block)
    for column, output in enumerate(shown):
        _draw_output_key(axes, stage.block, output, right + column * TILE, top - GAP)
    squares = filter_squares(stage.weights, buckets, shown, limit)
    rows, columns = squares.shape
    _image(axes, squares, (right, right + columns), (top, top + rows))


def _draw_questions(
    axes: Axes, root: Question | int, left: float, right: float, middle: dict[int, float]
) -> float:
    """Draw a tree between two columns; `middle` says where the rows of the leaves are.

    Returns the row of its root.
    """
    if isinstance(root, int):
        axes.plot([left, right - GAP], [middle[root]] * 2, color="0.8", linewidth=0.8)
        return middle[root]
    fork = left + LEVEL - 8
    ends = [
        _draw_questions(axes, branch, left + LEVEL, right, middle) for branch in (root.no, root.yes)
    ]
    row = sum(ends) / 2
    axes.plot([left, fork], [row, row], color="0.6", linewidth=0.8)
    for end in ends:
        axes.plot([fork, fork, left + LEVEL], [row, end, end], color="0.6", linewidth=0.8)
    name = FEATURES[root.feature]
    words = f"{name} > {MEASURES[name].show(root.threshold)}"
    frame = {"facecolor": _tint(root.feature), "edgecolor": "none", "pad": 1.5}
    axes.text(left + 2, row, words, size=SMALL, va="center", bbox=frame)
    return row


def _draw_output_key(axes: Axes, block: int, output: int, left: float, bottom: float) -> None:
    """A small output block with the pixel that a column of filters gives."""
    pixels = np.full(block**2, 0.9)
    pixels[output] = 0.2
    size = TILE - 2 * GAP
    axes.imshow(
        pixels.reshape(block, block),
        extent=(left + 1, left + 1 + size, bottom, bottom - size),
        cmap="gray",
        vmin=0,
        vmax=1,
        interpolation="nearest",
        aspect="auto",
    )


def _image(
    axes: Axes,
    levels: NDArray[np.float64],
    columns: tuple[float, float],
    rows: tuple[float, float],
) -> None:
    axes.imshow(
        levels,
        extent=(*columns, rows[1], rows[0]),
        cmap=COLORS,
        vmin=-1,
        vmax=1,
        interpolation="nearest",
        aspect="auto",
    )


def _explain(axes: Axes, asked: list[int], top: float) -> None:
    """What the questions mean, below the plot."""
    words = (
        "From each question the upper branch is no, the lower one yes. A square is a filter: what "
        "each of the 8 x 8 pixels around the cell adds to the output pixel marked above.",
        "Patches are flipped and turned first, so that brightness changes from left to right more "
        "than from top to bottom.",
    )
    for line, sentence in enumerate(words):
        axes.text(EDGE, top + line * LINE, sentence, size=SMALL, va="center")
    for line, feature in enumerate(asked, start=len(words)):
        name = FEATURES[feature]
        frame = {"facecolor": _tint(feature), "edgecolor": "none", "pad": 1.5}
        axes.text(EDGE + 2, top + line * LINE, name, size=SMALL, va="center", bbox=frame)
        meaning = MEASURES[name].meaning
        axes.text(EDGE + LEVEL, top + line * LINE, meaning, size=SMALL, va="center")


def _tint(feature: int) -> tuple[float, float, float]:
    """A light colour of its own for each feature."""
    red, green, blue = hsv_to_rgb((feature * 0.618) % 1, 0.28, 1.0)
    return red, green, blue
