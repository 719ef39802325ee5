"""The items of a checkpoint directory: their names, and what they hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from raisr.training.checkpoints import CheckpointDirectory
from raisr.training.examples import Example
from raisr.training.least_squares import Sums
from raisr_decoder.filters import LowRankStage
from raisr_decoder.tree import Tree

CountedStage = tuple[LowRankStage, NDArray[np.int64]]
"""A stage, and the number of cells of each of its buckets."""

Knots = tuple[tuple[int, int], ...]
"""Qualities, and the coding noise at each."""

KNOTS = "knots"


def pair_name(example: Example, stages: int) -> str:
    """The pair of an example after the first filter stages."""
    return f"pair-{example.number}-after-{stages}"


def cells_name(example: Example, stage: int) -> str:
    """Cells of an example that the tree of a stage is grown on."""
    return f"cells-{stage}-{example.number}"


def sums_name(example: Example, stage: int) -> str:
    """Sums over the examples of a group, of which this is the first one."""
    return f"sums-{stage}-{example.number}"


def psnr_name(measured: str) -> str:
    """PSNR of each example of the validation set."""
    return f"psnr-{measured.replace(' ', '-')}"


def store_tree(checkpoints: CheckpointDirectory, stage: int, tree: Tree) -> None:
    """Keep the tree of a stage."""
    checkpoints.store(_tree_name(stage), feature=tree.feature, threshold=tree.threshold)


def load_tree(checkpoints: CheckpointDirectory, stage: int) -> Tree | None:
    """The tree of a stage, if it is there."""
    found = checkpoints.load(_tree_name(stage))
    if found is None:
        return None
    return Tree(found["feature"].astype(np.int32), found["threshold"].astype(np.int32))


def store_sums(checkpoints: CheckpointDirectory, name: str, sums: Sums) -> None:
    """Keep the sums over a group of examples."""
    checkpoints.store(name, gram=sums.gram, cross=sums.cross, cells=sums.cells, energy=sums.energy)


def demand_sums(checkpoints: CheckpointDirectory, name: str) -> Sums:
    """Sums that this training has stored.

    Raises
    ------
    CheckpointDamaged
    """
    found = checkpoints.demand(name)
    gram, cross = (found[part].astype(np.float64, copy=False) for part in ("gram", "cross"))
    return Sums(gram, cross, found["cells"].astype(np.int64), float(found["energy"]))


def store_stage(checkpoints: CheckpointDirectory, number: int, counted: CountedStage) -> None:
    """Keep a finished stage."""
    stage, cells = counted
    checkpoints.store(
        _stage_name(number),
        block=stage.block,
        feature=stage.tree.feature,
        threshold=stage.tree.threshold,
        mean=stage.mean,
        basis=stage.basis,
        shift=stage.shift,
        constant=stage.constant,
        slope=stage.slope,
        cells=cells,
    )


def load_stage(checkpoints: CheckpointDirectory, number: int) -> CountedStage | None:
    """A finished stage, if it is there."""
    found = checkpoints.load(_stage_name(number))
    if found is None:
        return None
    feature, threshold = (found[name].astype(np.int32) for name in ("feature", "threshold"))
    stage = LowRankStage(
        int(found["block"]),
        Tree(feature, threshold),
        found["mean"].astype(np.int16),
        found["basis"].astype(np.int8),
        found["shift"].astype(np.uint8),
        found["constant"].astype(np.int8),
        found["slope"].astype(np.int8),
    )
    return stage, found["cells"].astype(np.int64)


def store_weights(
    checkpoints: CheckpointDirectory, number: int, name: str, weights: NDArray[np.int32]
) -> None:
    """Keep other weights of a stage, shape (levels, buckets, 64, q * q), to be measured."""
    checkpoints.store(_weights_name(number, name), weights=weights.astype(np.int16))


def demand_weights(checkpoints: CheckpointDirectory, number: int, name: str) -> NDArray[np.int32]:
    """What `store_weights` stored.

    Raises
    ------
    CheckpointDamaged
    """
    return checkpoints.demand(_weights_name(number, name))["weights"].astype(np.int32)


def store_knots(checkpoints: CheckpointDirectory, knots: Knots) -> None:
    """Keep the coding noise at each quality."""
    checkpoints.store(KNOTS, knots=knots)


def load_knots(checkpoints: CheckpointDirectory) -> Knots | None:
    """What `store_knots` stored, if it is there."""
    found = checkpoints.load(KNOTS)
    return None if found is None else _knots(found)


def demand_knots(checkpoints: CheckpointDirectory) -> Knots:
    """What `store_knots` stored.

    Raises
    ------
    CheckpointDamaged
    """
    return _knots(checkpoints.demand(KNOTS))


def _knots(found: dict[str, NDArray[np.generic]]) -> Knots:
    return tuple((int(quality), int(noise)) for quality, noise in found["knots"].astype(int))


def _tree_name(stage: int) -> str:
    return f"tree-{stage}"


def _stage_name(number: int) -> str:
    return f"stage-{number}"


def _weights_name(number: int, name: str) -> str:
    return f"weights-{number}-{name.replace(' ', '-')}"
