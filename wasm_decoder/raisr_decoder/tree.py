"""Features of a cell -> its bucket, the leaf of a decision tree: FORMAT.md, section 5."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Tree:
    """A complete binary tree in level order: the children of node n are 2n + 1 and 2n + 2.

    Attributes
    ----------
    feature : ndarray of shape (2**depth - 1,), int32
        Index into `features.FEATURES`.
    threshold : ndarray of shape (2**depth - 1,), int32
        A cell whose feature exceeds it goes to the second child.
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.int32]

    @cached_property
    def depth(self) -> int:
        """Comparisons from the root to a leaf."""
        return len(self.feature).bit_length()

    @property
    def leaves(self) -> int:
        """Number of buckets."""
        return len(self.feature) + 1


def descend(tree: Tree, features: NDArray[np.int32]) -> NDArray[np.int32]:
    """Leaf of each cell.

    Parameters
    ----------
    tree : Tree
    features : ndarray of shape (features, cells), int32
        In the order of `features.FEATURES`.

    Returns
    -------
    ndarray of shape (cells,), int32
        From 0, left to right.
    """
    count = features.shape[1]
    values, first_value = features.ravel(), tree.feature * np.intp(count)
    cell, node = np.arange(count), np.zeros(count, np.intp)
    for _ in range(tree.depth):
        exceeds = values[first_value[node] + cell] > tree.threshold[node]
        node = 2 * node + 1 + exceeds
    return (node - (tree.leaves - 1)).astype(np.int32)
