"""Grow the tree of a stage.

Greedy and level by level: each leaf is split by the feature and threshold that let two sets of
filters fit its cells best in place of one. A split is judged on cells that its filters have not
seen, so a leaf is left alone where splitting would only learn noise.

What filters of different buckets differ in is little: patches and errors of the mean filter are
reduced to a few dimensions first, which takes a fraction of the time and of the cells.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import joblib
import numpy as np
from numpy.typing import NDArray

from raisr.training.least_squares import CHUNK, TAPS, accumulate, one_thread
from raisr.training.low_rank import differing_directions
from raisr_decoder.features import FEATURES
from raisr_decoder.tree import Tree

BINS = 8
"""Thresholds are tried at the borders between this many equally filled bins."""

DIMENSIONS = 24
"""Of a reduced patch, and of its reduced error."""

ROUGH_BINS = {"strength": 8, "coherence": 3}
"""Equally filled bins of two features, whose filters tell in what patches and filters differ."""

RIDGE = 20.0
"""Cells that pull a filter towards none; the dimensions of reduced patches have unit variance."""

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
    reduced = _reduce(samples, features) if depth else np.zeros((len(samples), 0), np.float32)
    leaf = np.zeros(len(samples), np.int32)
    node_feature: list[NDArray[np.int32]] = []
    node_threshold: list[NDArray[np.int32]] = []
    for level in range(depth):
        trials = list(
            parallel(
                joblib.delayed(_try_feature)(reduced, values, leaf, 1 << level)
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


def _reduce(samples: NDArray[np.int8], features: NDArray[np.int32]) -> NDArray[np.float32]:
    """Patches, then errors of the mean filter, each in a few dimensions: (cells, 48 or fewer)."""
    bins = 1
    rough = np.zeros(len(samples), np.int32)
    for name, count in ROUGH_BINS.items():
        values = features[FEATURES.index(name)]
        borders = np.quantile(values, np.arange(1, count) / count)
        rough = rough * count + np.searchsorted(borders, values).astype(np.int32)
        bins *= count
    with one_thread():
        sums = accumulate(samples, rough, bins)
        mean, patches, errors = differing_directions(sums, DIMENSIONS)
        change = np.concatenate([patches, -mean @ errors], axis=1).astype(np.float32)
        kept = np.concatenate([np.zeros((len(errors), patches.shape[1])), errors], axis=1)
        both = np.concatenate([change, kept.astype(np.float32)])
        parts = range(0, len(samples), CHUNK)
        return np.concatenate([samples[at : at + CHUNK].astype(np.float32) @ both for at in parts])


def _try_feature(
    reduced: NDArray[np.float32], values: NDArray[np.int32], leaf: NDArray[np.int32], leaves: int
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Best gain of a feature in each leaf, and the threshold that reaches it."""
    thresholds = _quantiles(values, leaf, leaves)
    position = (values[:, None] > thresholds[leaf]).sum(axis=1)
    # Every second cell judges what the others have learned, and the other way round.
    half = np.arange(len(leaf)) % 2
    key = ((2 * leaf + half) * BINS + position).astype(np.int32)
    with one_thread():
        sums = _sums(reduced, key, 2 * leaves * BINS)
        sums = sums.reshape(leaves, 2, BINS, *sums.shape[1:]).cumsum(axis=2)
        gains = _gains(sums[:, 0], sums[:, 1]) + _gains(sums[:, 1], sums[:, 0])
    best = gains.argmax(axis=0)
    every = np.arange(leaves)
    return gains[best, every], thresholds[every, best]


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


def _sums(reduced: NDArray[np.float32], key: NDArray[np.int32], keys: int) -> NDArray[np.float64]:
    """Normal equations of the cells of each key, shape (keys, 24, 48 or fewer)."""
    order = np.argsort(key, kind="stable")
    borders = np.searchsorted(key[order], np.arange(keys + 1))
    ordered = reduced[order]
    inputs = min(DIMENSIONS, TAPS)
    total = np.zeros((keys, inputs, reduced.shape[1]))
    for number, (start, stop) in enumerate(pairwise(borders)):
        cells = ordered[start:stop]
        total[number] = cells[:, :inputs].T @ cells
    return total


def _gains(seen: NDArray[np.float64], unseen: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a split after each bin explains beyond no split, shape (BINS - 1, leaves)."""
    whole = _explained(seen[:, -1], unseen[:, -1])
    low = _explained(seen[:, :-1], unseen[:, :-1])
    high = _explained(seen[:, -1:] - seen[:, :-1], unseen[:, -1:] - unseen[:, :-1])
    return (low + high - whole[:, None]).T


def _explained(seen: NDArray[np.float64], unseen: NDArray[np.float64]) -> NDArray[np.float64]:
    """Energy of unseen errors that filters fitted to seen cells explain."""
    inputs = seen.shape[-2]
    filters = np.linalg.solve(seen[..., :inputs] + RIDGE * np.eye(inputs), seen[..., inputs:])
    gram, cross = unseen[..., :inputs], unseen[..., inputs:]
    explained: NDArray[np.float64] = (filters * (2 * cross - gram @ filters)).sum(axis=(-2, -1))
    return explained
