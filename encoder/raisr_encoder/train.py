"""Photographs in, a filter bank out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray

from raisr_decoder.bank import Bank, FilterStage, Hash
from raisr_decoder.color import luma
from raisr_decoder.errors import RaisrError
from raisr_decoder.hashing import CELL, COHERENCE_BITS, SLOPE_BITS, pad, tensor
from raisr_encoder.base_codec import base_codec
from raisr_encoder.errors import NoPhotographs
from raisr_encoder.image_io import decode_base, read_photo
from raisr_encoder.kernels import filter_plane
from raisr_encoder.least_squares import Sums, accumulate, solve
from raisr_encoder.reduce import reduce_photo

SAMPLES_PER_PICTURE = 4000
GROUP = 4
"""Photographs whose sums a process adds before it hands them over."""

Progress = Callable[[str, int, int], None]
"""Told the name of a step, how many parts of it are done, and of how many."""


@dataclass(frozen=True)
class Buckets:
    """How finely a stage tells cells apart."""

    angles: int
    strengths: int
    coherences: int


@dataclass(frozen=True)
class Settings:
    """What a bank is trained for.

    Attributes
    ----------
    base : str
        Base codec of the payloads.
    scale : Fraction
        Output size / base size.
    quality : (int, int)
        Range of the base codec's quality; the photographs are spread over it.
    stages : tuple of Buckets
        One for each filter stage.
    ridge : float
        Pull of each bucket towards the filter of all buckets, as `solve` takes it.
    """

    base: str
    scale: Fraction
    quality: tuple[int, int]
    stages: tuple[Buckets, ...]
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
        stages: list[FilterStage] = []
        for number, buckets in enumerate(settings.stages, start=1):
            block = int(settings.scale * CELL) if number == 1 else CELL
            stages.append(_train_stage(pairs, buckets, block, settings.ridge, number, run))
        bank = Bank(settings.base, settings.quality, tuple(stages))
    return Trained(bank, len(pairs), unreadable)


def _store_pairs(
    photos: Sequence[Path], settings: Settings, folder: Path, run: _Runner
) -> tuple[list[Path], list[RaisrError]]:
    pairs = [folder / f"{number}.npz" for number in range(len(photos))]
    qualities = _spread(settings.quality, len(photos))
    tasks = list(zip(photos, pairs, qualities, strict=True))
    errors = run("coding photographs", tasks, _store_pair, settings)
    failed = [error for error in errors if error is not None]
    return [pair for pair in pairs if pair.exists()], failed


def _train_stage(
    pairs: list[Path], buckets: Buckets, block: int, ridge: float, number: int, run: _Runner
) -> FilterStage:
    tasks = [(pair,) for pair in pairs]
    samples = run(f"stage {number}: sampling", tasks, _sample)
    hashing = choose_thresholds(np.concatenate(list(samples)), buckets)
    groups = [(pairs[start : start + GROUP],) for start in range(0, len(pairs), GROUP)]
    sums = reduce(add, run(f"stage {number}: summing", groups, _accumulate, hashing, block))
    stage = FilterStage(block, hashing, solve(sums, block, ridge))
    for _ in run(f"stage {number}: filtering", tasks, _advance, stage):
        pass
    return stage


class _Runner:
    """Maps a function over tasks on all processes, results in order, and reports progress."""

    def __init__(self, parallel: joblib.Parallel, progress: Progress) -> None:
        self._parallel, self._progress = parallel, progress

    def __call__(
        self,
        step: str,
        tasks: Sequence[tuple[Any, ...]],
        function: Callable[..., Any],
        *shared: Any,
    ) -> Iterator[Any]:
        results = self._parallel(joblib.delayed(function)(*task, *shared) for task in tasks)
        for done, result in enumerate(results, start=1):
            self._progress(step, done, len(tasks))
            yield result


def _store_pair(photo: Path, pair: Path, quality: int, settings: Settings) -> RaisrError | None:
    try:
        picture = read_photo(photo)
    except RaisrError as error:
        return error
    reduced = reduce_photo(picture, settings.scale)
    base = decode_base(base_codec(settings.base).encode(reduced, quality))
    np.savez(pair, plane=luma(base), target=luma(picture))
    return None


def _sample(pair: Path) -> NDArray[np.float64]:
    with np.load(pair) as planes:
        return sample_tensor(planes["plane"], SAMPLES_PER_PICTURE)


def _accumulate(pairs: list[Path], hashing: Hash, block: int) -> Sums:
    def sums_of(pair: Path) -> Sums:
        with np.load(pair) as planes:
            return accumulate(planes["plane"], planes["target"], hashing, block)

    return reduce(add, map(sums_of, pairs))


def _advance(pair: Path, stage: FilterStage) -> None:
    with np.load(pair) as planes:
        target = planes["target"]
        plane = filter_plane(planes["plane"], stage, 0).astype(np.uint8)
    np.savez(pair, plane=plane[: target.shape[0], : target.shape[1]], target=target)


def _spread(quality: tuple[int, int], count: int) -> list[int]:
    """Qualities that fill the range evenly, whatever the order of the photographs."""
    lowest, highest = quality
    golden = (5**0.5 - 1) / 2
    return [lowest + int(number * golden % 1 * (highest + 1 - lowest)) for number in range(count)]


def choose_thresholds(traces_and_coherences: NDArray[np.float64], buckets: Buckets) -> Hash:
    """Quantiles of strength, and of coherence within each strength; uniform angles."""
    trace, coherence = traces_and_coherences.T
    shares = np.arange(1, buckets.strengths) / buckets.strengths
    strengths = np.quantile(trace, shares).astype(np.int64)
    level = np.searchsorted(strengths, trace)
    shares = np.arange(1, buckets.coherences) / buckets.coherences
    coherences = np.zeros((buckets.strengths, buckets.coherences - 1), np.int64)
    for strength in range(buckets.strengths):
        within = coherence[level == strength]
        if len(within):
            coherences[strength] = np.quantile(within, shares) * (1 << COHERENCE_BITS)
    turn = np.arange(1, buckets.angles) / buckets.angles * (np.pi / 2)
    slopes = np.rint(np.stack([np.cos(turn), np.sin(turn)], axis=1) * (1 << SLOPE_BITS))
    return Hash(slopes.astype(np.int64), strengths, coherences)


def sample_tensor(plane: NDArray[np.uint8], count: int) -> NDArray[np.float64]:
    """Trace and squared coherence of evenly spread cells, shape (about `count`, 2)."""
    trace, difference, product = (part.ravel() for part in tensor(pad(plane)))
    step = max(1, trace.size // count)
    trace, difference, product = trace[::step], difference[::step], product[::step]
    energy = difference.astype(np.float64) ** 2 + product.astype(np.float64) ** 2
    return np.stack([trace, energy / np.maximum(trace, 1).astype(np.float64) ** 2], axis=1)
