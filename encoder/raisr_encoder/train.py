"""Photographs in, a filter bank out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial, reduce
from operator import add
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from skimage.filters import unsharp_mask

from raisr_decoder.bank import SCALE_UNIT, Bank, BlendStage, FilterStage, ResizeStage, Stage
from raisr_decoder.color import luma, round_luma
from raisr_decoder.errors import RaisrError
from raisr_decoder.hashing import CELL, Tree, cell_features, descend, pad
from raisr_decoder.restore import resize_luma
from raisr_encoder import kernels
from raisr_encoder.base_codec import base_codec
from raisr_encoder.errors import NoPhotographs
from raisr_encoder.grow import grow_tree
from raisr_encoder.image_io import decode_base, read_photo
from raisr_encoder.least_squares import Sums, accumulate, canonical_samples, solve
from raisr_encoder.reduce import reduce_photo, scaled_shape

GROWING_CELLS = 1_200_000
"""Cells that a tree is grown on, whatever the number of photographs."""

GROUP = 4
"""Photographs whose sums a process adds before it hands them over."""

Progress = Callable[[str, int, int], None]
"""Told the name of a step, how many parts of it are done, and of how many."""


@dataclass(frozen=True)
class Settings:
    """What a bank is trained for.

    Attributes
    ----------
    base : str
        Base codec of the payloads.
    scales : (Fraction, Fraction)
        Lowest and highest output size / base size; the photographs are spread over the range.
    upsample_first : bool
        Whether the bank starts with a bicubic resize, which serves any scale (RAISR section II), or
        its first filters enlarge, which takes one scale that the cell filter serves.
    quality : (int, int)
        Range of the base codec's quality; the photographs are spread over it.
    depths : tuple of int
        Levels of the tree of each filter stage; the stage has ``2**depth`` buckets.
    sharpen : float
        How much the photographs that the filters aim at are sharpened (unsharp masking of radius
        1); 0 for fidelity.
    blend : int
        Strength of a final blend stage, which takes back what sharpening breaks; 0 for none.
    ridge : float
        Pull of each bucket towards the filter of all buckets, as `solve` takes it.
    """

    base: str
    scales: tuple[Fraction, Fraction]
    upsample_first: bool
    quality: tuple[int, int]
    depths: tuple[int, ...]
    sharpen: float = 0.0
    blend: int = 0
    ridge: float = 100.0


@dataclass(frozen=True)
class Trained:
    """A bank and what became of the photographs."""

    bank: Bank
    photographs: int
    unreadable: list[RaisrError]


def train(photos: Sequence[Path], settings: Settings, jobs: int, progress: Progress) -> Trained:
    """Train a bank on photographs.

    Memory does not grow with their number: pairs of base picture and photograph wait on disk.

    Parameters
    ----------
    photos : sequence of Path
    settings : Settings
    jobs : int
        Processes to use.
    progress : callable

    Raises
    ------
    NoPhotographs
        None of them can be read.
    """
    with (
        tempfile.TemporaryDirectory(prefix="raisr-train-") as folder,
        joblib.Parallel(n_jobs=jobs, return_as="generator") as parallel,
    ):
        run = _Runner(parallel, progress)
        pairs, unreadable = _store_pairs(photos, settings, Path(folder), run)
        if not pairs:
            raise NoPhotographs(list(photos))
        stages: list[Stage] = [_resize_stage(settings)] if settings.upsample_first else []
        for number, depth in enumerate(settings.depths, start=1):
            block = CELL if stages else int(settings.scales[0] * CELL)
            stages.append(_train_stage(pairs, depth, block, settings.ridge, number, run))
        if settings.blend:
            stages.append(BlendStage(settings.blend))
        bank = Bank(settings.base, settings.quality, tuple(stages))
    return Trained(bank, len(pairs), unreadable)


def _store_pairs(
    photos: Sequence[Path], settings: Settings, folder: Path, run: _Runner
) -> tuple[list[Path], list[RaisrError]]:
    pairs = [folder / f"{number}.npz" for number in range(len(photos))]
    (lowest, highest), (low, high) = settings.quality, settings.scales
    qualities = [lowest + int(share * (highest + 1 - lowest)) for share in _spread(len(photos), 0)]
    shares = [Fraction(round(share * 64), 64) for share in _spread(len(photos), 1)]
    scales = [low + share * (high - low) for share in shares]
    tasks = list(zip(photos, pairs, qualities, scales, strict=True))
    errors = run("coding photographs", tasks, _store_pair, settings)
    failed = [error for error in errors if error is not None]
    return [pair for pair in pairs if pair.exists()], failed


def _train_stage(
    pairs: list[Path], depth: int, block: int, ridge: float, number: int, run: _Runner
) -> FilterStage:
    name = f"stage {number}"
    each = [(pair,) for pair in pairs]
    cells = -(-GROWING_CELLS // len(pairs))
    picked = list(run(f"{name}: sampling", each, _pick_cells, block, cells))
    samples = np.concatenate([samples for samples, _ in picked])
    features = np.concatenate([features for _, features in picked], axis=1)
    tree = grow_tree(samples, features, depth, run.parallel, run.reporter(f"{name}: growing"))
    groups = [(pairs[start : start + GROUP],) for start in range(0, len(pairs), GROUP)]
    sums = reduce(add, run(f"{name}: summing", groups, _accumulate, tree, block))
    stage = FilterStage(block, tree, solve(sums, ridge))
    for _ in run(f"{name}: filtering", each, _advance, stage):
        pass
    return stage


class _Runner:
    """Maps functions over tasks on all processes, results in order, and reports progress."""

    def __init__(self, parallel: joblib.Parallel, progress: Progress) -> None:
        self.parallel, self._progress = parallel, progress

    def reporter(self, step: str) -> Callable[[int, int], None]:
        return partial(self._progress, step)

    def __call__(
        self,
        step: str,
        tasks: Sequence[tuple[Any, ...]],
        function: Callable[..., Any],
        *shared: Any,
    ) -> Iterator[Any]:
        results = self.parallel(joblib.delayed(function)(*task, *shared) for task in tasks)
        for done, result in enumerate(results, start=1):
            self._progress(step, done, len(tasks))
            yield result


def _store_pair(
    photo: Path, pair: Path, quality: int, scale: Fraction, settings: Settings
) -> RaisrError | None:
    try:
        picture = read_photo(photo)
    except RaisrError as error:
        return error
    codec = base_codec(settings.base)
    if settings.upsample_first:
        shape = scaled_shape(picture.shape[:2], 1 / scale)
        plane = luma(decode_base(codec.encode(codec.reduce(picture, shape), quality)))
        steps = Fraction(shape[0], picture.shape[0]), Fraction(shape[1], picture.shape[1])
        plane = round_luma(resize_luma(plane, picture.shape[:2], steps, kernels.engine()))
    else:
        reduced = reduce_photo(picture, scale, codec.reduce)
        plane = luma(decode_base(codec.encode(reduced, quality)))
    np.savez(pair, plane=plane, target=_sharpened(luma(picture), settings.sharpen))
    return None


def _pick_cells(pair: Path, block: int, count: int) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
    """Samples and features of about `count` cells, evenly spread over the picture."""
    samples, features = _cells(pair, block)
    step = max(1, len(samples) // count)
    return samples[::step], features[:, ::step]


def _accumulate(pairs: list[Path], tree: Tree, block: int) -> Sums:
    def sums_of(pair: Path) -> Sums:
        samples, features = _cells(pair, block)
        return accumulate(samples, descend(tree, features), tree.leaves)

    return reduce(add, map(sums_of, pairs))


def _cells(pair: Path, block: int) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
    with np.load(pair) as planes:
        plane, target = planes["plane"], planes["target"]
    features, orientation = cell_features(pad(plane))
    samples = canonical_samples(plane, target, orientation, block)
    return samples, features.reshape(len(features), -1)


def _advance(pair: Path, stage: FilterStage) -> None:
    with np.load(pair) as planes:
        target = planes["target"]
        plane = round_luma(kernels.filter_plane(planes["plane"], stage))
    np.savez(pair, plane=plane[: target.shape[0], : target.shape[1]], target=target)


def _sharpened(plane: NDArray[np.uint8], amount: float) -> NDArray[np.uint8]:
    if not amount:
        return plane
    sharp = unsharp_mask(  # type: ignore[no-untyped-call]
        plane.astype(np.float64), radius=1.0, amount=amount, preserve_range=True
    )
    rounded: NDArray[np.uint8] = np.clip(np.rint(sharp), 0, 255).astype(np.uint8)
    return rounded


def _resize_stage(settings: Settings) -> ResizeStage:
    low, high = (Fraction(round(scale * SCALE_UNIT), SCALE_UNIT) for scale in settings.scales)
    return ResizeStage((low, high))


def _spread(count: int, axis: int) -> Iterator[float]:
    """Numbers of 0..1 that fill the range evenly, along several axes independent of each other."""
    # Fractions of multiples of the plastic number's powers (Roberts' R2 sequence).
    step = 1 / 1.32471795724474602596 ** (axis + 1)
    return (number * step % 1 for number in range(count))
