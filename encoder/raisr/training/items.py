"""The items of a checkpoint directory: their names, and what they hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from raisr.training.checkpoints import CheckpointDirectory
from raisr.training.examples import Example
from raisr.training.least_squares import Sums
from raisr_decoder.bank import FilterStage
from raisr_decoder.tree import Tree

CountedStage = tuple[FilterStage, NDArray[np.int64]]
"""A stage, and the number of cells of each of its buckets."""


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
    checkpoints.store(name, gram=sums.gram, cross=sums.cross, cells=sums.cells)


def demand_sums(checkpoints: CheckpointDirectory, name: str) -> Sums:
    """Sums that this training has stored.

    Raises
    ------
    CheckpointDamaged
    """
    found = checkpoints.demand(name)
    gram, cross = (found[part].astype(np.float64, copy=False) for part in ("gram", "cross"))
    return Sums(gram, cross, found["cells"].astype(np.int64))


def store_stage(
    checkpoints: CheckpointDirectory, number: int, bank: int, counted: CountedStage
) -> None:
    """Keep a finished stage of a bank."""
    stage, cells = counted
    tree = {"feature": stage.tree.feature, "threshold": stage.tree.threshold}
    name = _stage_name(number, bank)
    checkpoints.store(name, block=stage.block, weights=stage.weights, cells=cells, **tree)


def load_stage(checkpoints: CheckpointDirectory, number: int, bank: int) -> CountedStage | None:
    """A finished stage of a bank, if it is there."""
    found = checkpoints.load(_stage_name(number, bank))
    if found is None:
        return None
    feature, threshold, weights = (
        found[name].astype(np.int32) for name in ("feature", "threshold", "weights")
    )
    stage = FilterStage(int(found["block"]), Tree(feature, threshold), weights)
    return stage, found["cells"].astype(np.int64)


def _tree_name(stage: int) -> str:
    return f"tree-{stage}"


def _stage_name(number: int, bank: int) -> str:
    return f"stage-{number}-of-{bank}"
