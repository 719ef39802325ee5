"""The tasks of a training, which run in other processes or on other machines.

A task may run more than once: it makes an item of the checkpoint directory, always with the same
bytes, unless the item is there already.
"""

from __future__ import annotations

from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from raisr import kernels
from raisr.errors import TrainingStopped
from raisr.evaluation.metrics import plane_psnr
from raisr.training.checkpoints import CheckpointDirectory
from raisr.training.examples import Example
from raisr.training.items import cells_name, demand_weights, pair_name, store_sums, sums_name
from raisr.training.least_squares import Sums, accumulate, canonical_samples
from raisr.training.pairs import EncodedLuma, Pair, encode_luma, pair_after
from raisr_decoder.blending import blend
from raisr_decoder.cells import pad
from raisr_decoder.color import round_luma
from raisr_decoder.errors import RaisrError
from raisr_decoder.features import cell_features
from raisr_decoder.filters import FilterStage
from raisr_decoder.tree import Tree, descend

MAX_PSNR = 100.0
"""In dB; stands for equal planes."""


def encode_photograph(
    checkpoints: CheckpointDirectory, example: Example, stages: int
) -> RaisrError | None:
    """Make the first pair of an example, unless it or a later one of `stages` is there.

    Returns
    -------
    RaisrError or None
        Why the photograph cannot be read.
    """
    if any(checkpoints.holds(pair_name(example, number)) for number in range(1, stages + 1)):
        return None
    try:
        pair_after(checkpoints, example, 0)
    except TrainingStopped:
        raise
    except RaisrError as error:
        return error
    return None


def sample_cells(
    checkpoints: CheckpointDirectory, example: Example, number: int, block: int, count: int
) -> None:
    """Store samples and features of about `count` cells, evenly spread over the image."""
    name = cells_name(example, number)
    if checkpoints.load(name) is None:
        samples, features = _cells(pair_after(checkpoints, example, number - 1), block)
        step = max(1, len(samples) // count)
        checkpoints.store(name, samples=samples[::step], features=features[:, ::step])


def sum_up(
    checkpoints: CheckpointDirectory, examples: list[Example], tree: Tree, number: int, block: int
) -> str:
    """Store the sums over some examples; returns the item's name."""

    def sums_of(example: Example) -> Sums:
        samples, features = _cells(pair_after(checkpoints, example, number - 1), block)
        return accumulate(samples, descend(tree, features), tree.leaves)

    name = sums_name(examples[0], number)
    if checkpoints.load(name) is None:
        store_sums(checkpoints, name, reduce(add, map(sums_of, examples)))
    return name


def measure(checkpoints: CheckpointDirectory, example: Example, stages: int) -> float:
    """Luma PSNR in dB after the first filter stages; of bicubic interpolation after none."""
    pair = pair_after(checkpoints, example, stages)
    if stages or example.upsample_first:
        return _psnr(pair.plane, pair.target)
    steps = 1 / example.scale, 1 / example.scale
    bicubic = EncodedLuma(pair.plane, steps, pair.target).upscaled()
    return _psnr(round_luma(bicubic), pair.target)


def measure_weights(
    checkpoints: CheckpointDirectory, example: Example, number: int, name: str, tree: Tree
) -> float:
    """Luma PSNR in dB after a stage with other weights, one set for each level of quality."""
    pair = pair_after(checkpoints, example, number - 1)
    weights = demand_weights(checkpoints, number, name)[example.level]
    block = int(weights.shape[-1] ** 0.5)
    fine = kernels.filter_plane(pair.plane, FilterStage(block, tree, weights))
    rows, columns = pair.target.shape
    return _psnr(round_luma(fine)[:rows, :columns], pair.target)


def measure_blended(
    checkpoints: CheckpointDirectory, example: Example, stages: int, strength: int
) -> float:
    """Luma PSNR in dB after all filter stages and a blend stage."""
    pair = pair_after(checkpoints, example, stages)
    bicubic = encode_luma(example).upscaled()
    return _psnr(round_luma(blend(pair.plane, bicubic, strength)), pair.target)


def _cells(pair: Pair, block: int) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
    features, orientation = cell_features(pad(pair.plane))
    samples = canonical_samples(pair.plane, pair.target, orientation, block)
    return samples, features.reshape(len(features), -1)


def _psnr(plane: NDArray[np.uint8], target: NDArray[np.uint8]) -> float:
    return min(MAX_PSNR, plane_psnr(plane, target))
