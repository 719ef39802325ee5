"""A tree as people read it: its questions in units of the image, without those that never part.

Coordinates are pixels of the plot, from its upper left corner.
"""

from __future__ import annotations

from colorsys import hsv_to_rgb
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from raisr.training.tree_growing import NEVER
from raisr_decoder.features import FEATURES, RATIO_BITS, WINDOW
from raisr_decoder.tree import Tree

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEVEL, LINE, GAP = 132, 17, 4
"""Pixels between the questions of two levels, from one line of text to the next, and between a
branch and what it leads to."""
SMALL = 7.5
"""Points of the text."""


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


def draw_questions(
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
        draw_questions(axes, branch, left + LEVEL, right, middle) for branch in (root.no, root.yes)
    ]
    row = sum(ends) / 2
    axes.plot([left, fork], [row, row], color="0.6", linewidth=0.8)
    for end in ends:
        axes.plot([fork, fork, left + LEVEL], [row, end, end], color="0.6", linewidth=0.8)
    name = FEATURES[root.feature]
    _draw_label(axes, root.feature, f"{name} > {MEASURES[name].show(root.threshold)}", left, row)
    return row


def draw_meanings(axes: Axes, asked: set[int], left: float, top: float) -> float:
    """Explain features, one to a line; returns where the last line ends."""
    for feature in sorted(asked):
        name = FEATURES[feature]
        _draw_label(axes, feature, name, left, top + LINE / 2)
        axes.text(left + LEVEL, top + LINE / 2, MEASURES[name].meaning, size=SMALL, va="center")
        top += LINE
    return top


def _draw_label(axes: Axes, feature: int, words: str, left: float, row: float) -> None:
    """Words on the colour of a feature."""
    red, green, blue = hsv_to_rgb((feature * 0.618) % 1, 0.28, 1.0)
    frame = {"facecolor": (red, green, blue), "edgecolor": "none", "pad": 1.5}
    axes.text(left + 2, row, words, size=SMALL, va="center", bbox=frame)
