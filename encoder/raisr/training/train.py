"""Photographs in, filter banks out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from functools import partial, reduce
from itertools import groupby
from operator import add, attrgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from raisr.errors import NoPhotographs, TrainingStopped
from raisr.executor import Executor, open_executor
from raisr.fingerprint import fingerprint, of_programs
from raisr.progress import Progress
from raisr.training.checkpoints import CheckpointDirectory
from raisr.training.examples import Example, spread
from raisr.training.least_squares import Sums, accumulate, canonical_samples, solve
from raisr.training.pairs import (
    Pair,
    load_stage,
    measure,
    measure_blended,
    pair_after,
    pair_name,
    store_stage,
)
from raisr.training.progress import (
    CODING,
    GROWING,
    SAMPLING,
    SUMMING,
    TrainingProgress,
    measuring_step,
    stage_step,
)
from raisr.training.settings import Settings
from raisr.training.tree_growing import grow_tree
from raisr_decoder.bank import SCALE_UNIT, Bank, BlendStage, FilterStage, ResizeStage, Stage
from raisr_decoder.cells import CELL, pad
from raisr_decoder.errors import RaisrError
from raisr_decoder.features import cell_features
from raisr_decoder.tree import Tree, descend

GROWING_CELLS = 1_200_000
"""Cells that a tree is grown on, whatever the number of photographs."""

GROUP = 4
"""Photographs whose sums a process adds before it hands them over."""

ALONE = "base alone"
"""Enlarged by bicubic interpolation, without filters."""

SPARSE = 10 * 64
"""A bucket of fewer cells than this, ten for each weight of an output, leans on the ridge."""


@dataclass(frozen=True)
class TrainedBank:
    """A bank and how good it is.

    Attributes
    ----------
    bank : Bank
    psnr : dict of str to float
        Mean luma PSNR in dB on the photographs held back: of the base picture alone (enlarged by
        bicubic interpolation), then after each stage, those left out as well; empty where none was
        held back.
    sparse : tuple of int
        For each filter stage, buckets of fewer than `SPARSE` cells.
    """

    bank: Bank
    psnr: dict[str, float]
    sparse: tuple[int, ...]


@dataclass(frozen=True)
class Trained:
    """Banks and what became of the photographs.

    Attributes
    ----------
    banks : tuple of TrainedBank
        One for each range of `Settings.qualities`.
    photographs : int
        How many they were trained on.
    held_back : int
        How many they were measured on.
    unreadable : list of RaisrError
    work : CheckpointDirectory
        May be removed once the banks are written.
    """

    banks: tuple[TrainedBank, ...]
    photographs: int
    held_back: int
    unreadable: list[RaisrError]
    work: CheckpointDirectory


def train(
    photos: Sequence[Path],
    settings: Settings,
    jobs: int,
    progress: Progress,
    work: Path | None = None,
    scheduler: str | None = None,
) -> Trained:
    """Train banks on photographs.

    Memory does not grow with their number: what tasks make waits on disk. The banks depend on
    photographs and settings alone, not on who does the work nor on interruptions.

    Parameters
    ----------
    photos : sequence of Path
    settings : Settings
    jobs : int
        Processes to use on this machine.
    progress : callable
    work : Path, optional
        Folder below which finished work is kept, so that the same training goes on from there;
        by default nothing outlives this call.
    scheduler : str, optional
        Address of a Dask scheduler; its workers must see `work` and the photographs.

    Raises
    ------
    NoPhotographs
        None of them can be read.
    TrainingStopped
        Something other than the photographs is in the way.
    """
    with ExitStack() as stack:
        root = work or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="raisr-train-")))
        folder = CheckpointDirectory(root.absolute() / _key(photos, settings))
        stack.enter_context(folder.opened())
        executor = stack.enter_context(open_executor(jobs, scheduler))
        run = _Run(folder, executor, TrainingProgress(progress, len(photos), settings))
        examples, unreadable = _code_photographs(photos, settings, run)
        held = [example for example in examples if example.held_back]
        examples = [example for example in examples if not example.held_back]
        if not examples:
            folder.remove()
            raise NoPhotographs(list(photos))
        levels = {ALONE: _measured(run, ALONE, held, 0)}
        stages = []
        for number, depth in enumerate(settings.depths, start=1):
            enlarges = number == 1 and not settings.upsample_first
            block = int(settings.scales[0] * CELL) if enlarges else CELL
            stages.append(_trained_stage(run, examples, depth, block, settings.ridge, number))
            levels[f"stage {number}"] = _measured(run, f"stage {number}", held, number)
        if settings.blend:
            levels["blend"] = _measured(run, "blend", held, len(settings.depths), settings.blend)
        banks = tuple(
            _assembled(
                settings,
                qualities,
                [stage[place] for stage in stages],
                {name: level[place] for name, level in levels.items()} if held else {},
            )
            for place, qualities in enumerate(settings.qualities)
        )
        photographs, held_back = (len(each) // len(banks) for each in (examples, held))
    return Trained(banks, photographs, held_back, unreadable, folder)


def _assembled(
    settings: Settings,
    qualities: tuple[int, int],
    trained: list[_CountedStage],
    psnr: dict[str, float],
) -> TrainedBank:
    """A bank of those filter stages that pay."""
    levels = [psnr[f"stage {number}"] for number in range(1, len(trained) + 1)] if psnr else []
    if settings.min_gain is not None:
        while len(levels) > 1 and levels[-1] - levels[-2] < settings.min_gain:
            levels.pop()
            trained = trained[: len(levels)]
    stages: list[Stage] = [stage for stage, _ in trained]
    if settings.upsample_first:
        stages.insert(0, _resize_stage(settings))
    if settings.blend:
        stages.append(BlendStage(settings.blend))
    sparse = tuple(int((cells < SPARSE).sum()) for _, cells in trained)
    return TrainedBank(Bank(settings.base, qualities, tuple(stages)), psnr, sparse)


_CountedStage = tuple[FilterStage, NDArray[np.int64]]
"""A stage and the cells of each of its buckets."""


class _Run:
    """Does the tasks of a step, whoever works on them, and reports progress."""

    def __init__(
        self, work: CheckpointDirectory, executor: Executor, progress: TrainingProgress
    ) -> None:
        self.work, self.executor, self.progress = work, executor, progress

    def __call__(
        self,
        step: str,
        function: Callable[..., Any],
        tasks: Sequence[tuple[Any, ...]],
        *shared: Any,
    ) -> Iterator[Any]:
        """Results in the order of the tasks."""
        results = self.executor.map(partial(function, self.work), tasks, *shared)
        for done, result in enumerate(results, start=1):
            self.progress(step, done, len(tasks))
            yield result

    def all(self, step: str, function: Callable[..., Any], *tasks: Any) -> list[Any]:
        return list(self(step, function, *tasks))


# --- steps ------------------------------------------------------------------------------------


def _code_photographs(
    photos: Sequence[Path], settings: Settings, run: _Run
) -> tuple[list[Example], list[RaisrError]]:
    """Those that can be read, and why others cannot."""
    examples = spread(photos, settings)
    tasks = [(example,) for example in examples]
    errors = run.all(CODING, _code, tasks, len(settings.depths))
    readable = [each for each, error in zip(examples, errors, strict=True) if error is None]
    # What cannot be read for one bank cannot be read for another.
    return readable, [error for error in errors[: len(photos)] if error is not None]


def _trained_stage(
    run: _Run, examples: list[Example], depth: int, block: int, ridge: float, number: int
) -> list[_CountedStage]:
    """A stage of each bank; they share the tree."""
    banks = sorted({example.bank for example in examples})
    found = [load_stage(run.work, number, bank) for bank in banks]
    if None in found:
        tree = _grown_tree(run, examples, depth, block, number)
        for bank, sums in enumerate(_summed(run, examples, tree, block, number)):
            stage = FilterStage(block, tree, solve(sums, ridge))
            store_stage(run.work, number, bank, stage, sums.cells)
        run.work.drop(f"sums-{number}-*")
        found = [load_stage(run.work, number, bank) for bank in banks]
    for step in (SAMPLING, GROWING, SUMMING):
        run.progress.skip(stage_step(number, step))
    return [stage for stage in found if stage is not None]


def _grown_tree(run: _Run, examples: list[Example], depth: int, block: int, number: int) -> Tree:
    tree = _load_tree(run.work, number)
    if tree is None:
        tasks = [(example,) for example in examples]
        count = -(-GROWING_CELLS // len(examples))
        run.all(stage_step(number, SAMPLING), _sample, tasks, number, block, count)
        picked = [run.work.demand(_cells_name(example, number)) for example in examples]
        samples = np.concatenate([cells["samples"] for cells in picked]).astype(np.int8, copy=False)
        features = np.concatenate([cells["features"] for cells in picked], axis=1)
        reporter = partial(run.progress, stage_step(number, GROWING))
        tree = grow_tree(samples, features.astype(np.int32), depth, run.executor.local, reporter)
        run.work.store(_tree_name(number), feature=tree.feature, threshold=tree.threshold)
        run.work.drop(f"cells-{number}-*")
    for step in (SAMPLING, GROWING):
        run.progress.skip(stage_step(number, step))
    return tree


def _summed(
    run: _Run, examples: list[Example], tree: Tree, block: int, number: int
) -> Iterator[Sums]:
    """Sums over all photographs, for each bank."""
    by_bank = [list(group) for _, group in groupby(examples, attrgetter("bank"))]
    groups = [
        group[start : start + GROUP] for group in by_bank for start in range(0, len(group), GROUP)
    ]
    tasks = [(f"sums-{number}-{group[0].number}", group) for group in groups]
    names = run.all(stage_step(number, SUMMING), _sum_up, tasks, tree, number, block)
    named = zip(groups, names, strict=True)
    for _, pairs in groupby(named, key=lambda pair: pair[0][0].bank):
        yield reduce(add, (_demand_sums(run.work, name) for _, name in pairs))


def _measured(
    run: _Run, what: str, held: list[Example], stages: int, blend: int = 0
) -> list[float]:
    """Mean luma PSNR after the first filter stages, and a blend stage if its strength is given.

    One for each bank.
    """
    name = f"psnr-{what.replace(' ', '-')}"
    found = run.work.load(name)
    if found is not None:
        levels = found["levels"].astype(np.float64)
    else:
        tasks = [(example, stages) for example in held]
        if blend:
            results = run(measuring_step(what), measure_blended, tasks, blend)
        else:
            results = run(measuring_step(what), measure, tasks)
        levels = np.array(list(results), np.float64)
        run.work.store(name, levels=levels)
    run.progress.skip(measuring_step(what))
    bank = np.array([example.bank for example in held])
    return [float(levels[bank == each].mean()) for each in sorted(set(bank.tolist()))]


# --- tasks ------------------------------------------------------------------------------------
# They run in other processes or on other machines, perhaps more than once: each makes an item of
# the work folder, always with the same bytes, unless it is there.


def _code(work: CheckpointDirectory, example: Example, stages: int) -> RaisrError | None:
    """Make the first pair of a photograph, unless it or a later one is there."""
    if any(work.holds(pair_name(example, number)) for number in range(1, stages + 1)):
        return None
    try:
        pair_after(work, example, 0)
    except TrainingStopped:
        raise
    except RaisrError as error:
        return error
    return None


def _sample(
    work: CheckpointDirectory, example: Example, number: int, block: int, count: int
) -> None:
    """Samples and features of about `count` cells, evenly spread over the picture."""
    name = _cells_name(example, number)
    if work.load(name) is None:
        samples, features = _cells(pair_after(work, example, number - 1), block)
        step = max(1, len(samples) // count)
        work.store(name, samples=samples[::step], features=features[:, ::step])


def _sum_up(
    work: CheckpointDirectory,
    name: str,
    examples: list[Example],
    tree: Tree,
    number: int,
    block: int,
) -> str:
    """Sums over some photographs; returns the item's name."""

    def sums_of(example: Example) -> Sums:
        samples, features = _cells(pair_after(work, example, number - 1), block)
        return accumulate(samples, descend(tree, features), tree.leaves)

    if work.load(name) is None:
        sums = reduce(add, map(sums_of, examples))
        work.store(name, gram=sums.gram, cross=sums.cross, cells=sums.cells)
    return name


def _cells(pair: Pair, block: int) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
    features, orientation = cell_features(pad(pair.plane))
    samples = canonical_samples(pair.plane, pair.target, orientation, block)
    return samples, features.reshape(len(features), -1)


# --- items of the work folder -----------------------------------------------------------------


def _cells_name(example: Example, number: int) -> str:
    return f"cells-{number}-{example.number}"


def _tree_name(number: int) -> str:
    return f"tree-{number}"


def _load_tree(work: CheckpointDirectory, number: int) -> Tree | None:
    found = work.load(_tree_name(number))
    if found is None:
        return None
    return Tree(found["feature"].astype(np.int32), found["threshold"].astype(np.int32))


def _demand_sums(work: CheckpointDirectory, name: str) -> Sums:
    found = work.demand(name)
    gram, cross = (found[part].astype(np.float64, copy=False) for part in ("gram", "cross"))
    return Sums(gram, cross, found["cells"].astype(np.int64))


def _key(photos: Sequence[Path], settings: Settings) -> str:
    """Names the checkpoint directory: equal settings, photographs and programs give it again."""
    return fingerprint(of_programs(), repr(settings), *map(_identity, photos))


def _identity(photo: Path) -> str:
    try:
        status = photo.stat()
    except OSError:
        return f"{photo.absolute()} missing"
    return f"{photo.absolute()} {status.st_size} {status.st_mtime_ns}"


def _resize_stage(settings: Settings) -> ResizeStage:
    low, high = (Fraction(round(scale * SCALE_UNIT), SCALE_UNIT) for scale in settings.scales)
    return ResizeStage((low, high))
