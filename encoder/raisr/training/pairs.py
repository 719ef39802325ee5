"""What the filters learn from: luma of a base picture, restored so far, beside its photograph."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from skimage.filters import unsharp_mask

from raisr import kernels
from raisr.codecs import base_codec
from raisr.errors import CheckpointDamaged, PhotographNotShared
from raisr.evaluation.metrics import plane_psnr
from raisr.images.downscaling import downscale_photo
from raisr.images.reading import decode_base, read_photo
from raisr.training.checkpoints import CheckpointDirectory
from raisr.training.examples import Example
from raisr_decoder.bank import FilterStage
from raisr_decoder.blending import blend
from raisr_decoder.color import luma, round_luma
from raisr_decoder.pipeline import Steps, resize_luma
from raisr_decoder.shapes import scaled_shape
from raisr_decoder.tree import Tree

MAX_PSNR = 100.0
"""In dB; stands for equal planes."""


@dataclass(frozen=True)
class Pair:
    """Luma before a stage, and what it should become.

    Attributes
    ----------
    plane : ndarray of shape (M, N), uint8
    target : ndarray of shape (R, C), uint8
    """

    plane: NDArray[np.uint8]
    target: NDArray[np.uint8]


def pair_after(work: CheckpointDirectory, example: Example, stages: int) -> Pair:
    """The pair after the first filter stages, from the work folder or made anew.

    Raises
    ------
    RaisrError
        The photograph cannot be read.
    """
    work.check()
    found = work.load(pair_name(example, stages))
    if found is not None:
        return Pair(found["plane"].astype(np.uint8), found["target"].astype(np.uint8))
    pair = _filtered(work, example, stages) if stages else _coded(example)
    work.store(pair_name(example, stages), plane=pair.plane, target=pair.target)
    if stages:
        work.drop(pair_name(example, stages - 1))
    return pair


def pair_name(example: Example, stages: int) -> str:
    return f"pair-{example.number}-after-{stages}"


def measure(work: CheckpointDirectory, example: Example, stages: int) -> float:
    """Luma PSNR in dB after the first filter stages; of bicubic alone after none."""
    pair = pair_after(work, example, stages)
    if stages or example.upsample_first:
        return _psnr(pair.plane, pair.target)
    steps = 1 / example.scale, 1 / example.scale
    cheap = resize_luma(pair.plane, _shape(pair.target), steps, kernels.engine())
    return _psnr(round_luma(cheap), pair.target)


def measure_blended(
    work: CheckpointDirectory, example: Example, stages: int, strength: int
) -> float:
    """Luma PSNR in dB after all filter stages and a blend stage."""
    pair = pair_after(work, example, stages)
    small, steps, full = _coded_small(example)
    cheap = resize_luma(small, _shape(full), steps, kernels.engine())
    return _psnr(round_luma(blend(pair.plane, cheap, strength)), pair.target)


def store_stage(
    work: CheckpointDirectory, number: int, bank: int, stage: FilterStage, cells: NDArray[np.int64]
) -> None:
    """Keep a finished stage of a bank and the cells of each of its buckets."""
    tree = {"feature": stage.tree.feature, "threshold": stage.tree.threshold}
    name = _stage_name(number, bank)
    work.store(name, block=stage.block, weights=stage.weights, cells=cells, **tree)


def load_stage(
    work: CheckpointDirectory, number: int, bank: int
) -> tuple[FilterStage, NDArray[np.int64]] | None:
    """A finished stage of a bank and the cells of each of its buckets, if it is there."""
    found = work.load(_stage_name(number, bank))
    if found is None:
        return None
    feature, threshold, weights = (
        found[name].astype(np.int32) for name in ("feature", "threshold", "weights")
    )
    stage = FilterStage(int(found["block"]), Tree(feature, threshold), weights)
    return stage, found["cells"].astype(np.int64)


def _stage_name(number: int, bank: int) -> str:
    return f"stage-{number}-of-{bank}"


def _filtered(work: CheckpointDirectory, example: Example, stages: int) -> Pair:
    before = pair_after(work, example, stages - 1)
    found = load_stage(work, stages, example.bank)
    if found is None:
        raise CheckpointDamaged(work.path)
    plane = round_luma(kernels.filter_plane(before.plane, found[0]))
    rows, columns = before.target.shape
    return Pair(plane[:rows, :columns], before.target)


def _coded(example: Example) -> Pair:
    small, steps, full = _coded_small(example)
    target = _sharpened(full, example.sharpen)
    if not example.upsample_first:
        return Pair(small, target)
    return Pair(round_luma(resize_luma(small, _shape(full), steps, kernels.engine())), target)


def _coded_small(example: Example) -> tuple[NDArray[np.uint8], Steps, NDArray[np.uint8]]:
    """Luma of the base picture, base samples per full sample, and luma of the photograph."""
    if example.present and not example.photo.exists():
        raise PhotographNotShared(example.photo, socket.gethostname())
    picture = read_photo(example.photo)
    codec = base_codec(example.base)
    if example.upsample_first:
        downscaled = codec.downscale(picture, scaled_shape(_shape(picture), 1 / example.scale))
        steps = (
            Fraction(downscaled.shape[0], picture.shape[0]),
            Fraction(downscaled.shape[1], picture.shape[1]),
        )
    else:
        downscaled = downscale_photo(picture, example.scale, codec.downscale)
        steps = 1 / example.scale, 1 / example.scale
    small = luma(decode_base(codec.encode(downscaled, codec.nearest(example.quality))))
    return small, steps, luma(picture)


def _sharpened(plane: NDArray[np.uint8], amount: float) -> NDArray[np.uint8]:
    if not amount:
        return plane
    sharp = unsharp_mask(  # type: ignore[no-untyped-call]
        plane.astype(np.float64), radius=1.0, amount=amount, preserve_range=True
    )
    rounded: NDArray[np.uint8] = np.clip(np.rint(sharp), 0, 255).astype(np.uint8)
    return rounded


def _psnr(plane: NDArray[np.uint8], target: NDArray[np.uint8]) -> float:
    return min(MAX_PSNR, plane_psnr(plane, target))


def _shape(picture: NDArray[np.uint8]) -> tuple[int, int]:
    return picture.shape[0], picture.shape[1]
