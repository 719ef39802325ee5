"""Grow the tree of a stage.

Greedy and level by level: each leaf is split by the feature and threshold that let two sets of
filters fit its cells best in place of one. A split is judged on cells that its filters have not
seen, so a leaf is left alone where splitting would only learn noise.
"""

from __future__ import annotations

from collections.abc import Callable

import joblib
import numpy as np
from numpy.typing import NDArray

from raisr.training.least_squares import TAPS, accumulate, one_thread
from raisr_decoder.tree import Tree

BINS = 8
"""Thresholds are tried at the borders between this many equally filled bins."""

RIDGE = 100.0
"""As `solve` takes it."""
NEVER = np.int32(2**31 - 1)
"""Threshold that no feature exceeds."""


def grow_tree(
    samples: NDArray[np.int8],
    features: NDArray[np.int32],
    depth: int,
    parallel: joblib.Parallel,
    report: Callable[[int, int], None],
) -> Tree:
    """Grow a complete tree.

    Parameters
    ----------
    samples : ndarray of shape (cells, 64 + q * q), int8
        As `canonical_samples` returns them.
    features : ndarray of shape (len(FEATURES), cells), int32
    depth : int
        Levels of nodes; 0 for a single leaf.
    parallel : joblib.Parallel
    report : callable
        Called with the number of levels that are done, and of all.
    """
    leaf = np.zeros(len(samples), np.int32)
    node_feature: list[NDArray[np.int32]] = []
    node_threshold: list[NDArray[np.int32]] = []
    for level in range(depth):
        trials = list(
            parallel(
                joblib.delayed(_try_feature)(samples, values, leaf, 1 << level)
                for values in features
            )
        )
        gains = np.stack([gain for gain, _ in trials])
        best = gains.argmax(axis=0)
        leaves = np.arange(1 << level)
        threshold = np.stack([each for _, each in trials])[best, leaves]
        threshold[gains[best, leaves] <= 0] = NEVER
        node_feature.append(best.astype(np.int32))
        node_threshold.append(threshold)
        leaf = 2 * leaf + (features[best[leaf], np.arange(leaf.size)] > threshold[leaf])
        report(level + 1, depth)
    empty = [np.zeros(0, np.int32)]
    return Tree(np.concatenate(empty + node_feature), np.concatenate(empty + node_threshold))


def _try_feature(
    samples: NDArray[np.int8], values: NDArray[np.int32], leaf: NDArray[np.int32], leaves: int
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Best gain of a feature in each leaf, and the threshold that reaches it."""
    thresholds = _quantiles(values, leaf, leaves)
    position = (values[:, None] > thresholds[leaf]).sum(axis=1)
    key = (leaf * BINS + position).astype(np.int32)
    seen, unseen = (_binned(samples[part::2], key[part::2], leaves) for part in range(2))
    with one_thread():
        gains = _gains(seen, unseen)
    best = gains.argmax(axis=0)
    every = np.arange(leaves)
    return gains[best, every], thresholds[every, best]


def _gains(seen: NDArray[np.float64], unseen: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a split after each bin explains beyond no split, shape (BINS - 1, leaves)."""
    whole = _explained(seen[:, -1], unseen[:, -1], seen)
    return np.stack(
        [
            _explained(seen[:, split], unseen[:, split], seen)
            + _explained(seen[:, -1] - seen[:, split], unseen[:, -1] - unseen[:, split], seen)
            - whole
            for split in range(BINS - 1)
        ]
    )


def _quantiles(
    values: NDArray[np.int32], leaf: NDArray[np.int32], leaves: int
) -> NDArray[np.int32]:
    """Borders between bins, shape (leaves, BINS - 1)."""
    order = np.lexsort((values, leaf))
    starts = np.searchsorted(leaf[order], np.arange(leaves + 1))
    counts = np.diff(starts)
    shares = np.arange(1, BINS) / BINS
    picks = starts[:-1, None] + (counts[:, None] * shares).astype(np.int64)
    borders: NDArray[np.int32] = values[order[np.minimum(picks, len(values) - 1)]]
    return borders


def _binned(samples: NDArray[np.int8], key: NDArray[np.int32], leaves: int) -> NDArray[np.float64]:
    """Sums over the cells up to each bin, shape (leaves, BINS, 64, 64 + q * q)."""
    sums = accumulate(samples, key, leaves * BINS)
    both = np.concatenate([sums.gram, sums.cross], axis=2)
    return both.reshape(leaves, BINS, *both.shape[1:]).cumsum(axis=1)


def _explained(
    seen: NDArray[np.float64], unseen: NDArray[np.float64], everything: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Energy of unseen output blocks that filters fitted to seen cells explain, per leaf."""
    taps = RIDGE * np.eye(TAPS)
    total = everything[:, -1].sum(axis=0)
    overall = np.linalg.solve(total[:, :TAPS] + taps, total[:, TAPS:])
    filters = np.linalg.solve(seen[..., :TAPS] + taps, seen[..., TAPS:] + RIDGE * overall)
    gram, cross = unseen[..., :TAPS], unseen[..., TAPS:]
    explained: NDArray[np.float64] = (2 * filters * cross - filters * (gram @ filters)).sum(
        axis=(-2, -1)
    )
    return explained
