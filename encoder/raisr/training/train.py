"""Trains a filter bank on photographs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from functools import partial, reduce
from itertools import groupby
from operator import add, attrgetter
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from raisr.errors import NoPhotographs
from raisr.executor import Executor, open_executor
from raisr.fingerprint import fingerprint, of_programs
from raisr.progress import Progress
from raisr.training import items, low_rank, rounding, tasks
from raisr.training.checkpoints import CheckpointDirectory
from raisr.training.examples import Example, spread
from raisr.training.items import CountedStage
from raisr.training.least_squares import Sums, one_thread
from raisr.training.progress import (
    ENCODING,
    FITTING,
    GROWING,
    SAMPLING,
    SUMMING,
    TrainingProgress,
    measuring_step,
    stage_name,
    stage_step,
)
from raisr.training.settings import Settings
from raisr.training.tree_growing import grow_tree
from raisr_decoder.bank import SCALE_UNIT, Bank, BankStage, noise_at
from raisr_decoder.cells import CELL
from raisr_decoder.errors import RaisrError
from raisr_decoder.filters import BlendStage, ResizeStage
from raisr_decoder.tree import Tree

GROWING_CELLS = 1_200_000
"""Cells that a tree is grown on, whatever the number of photographs."""

GROUP = 4
"""Photographs whose sums a process adds before it hands them over."""

ALONE = "base alone"
"""Upscaled by bicubic interpolation, without filters."""

FULL_RANK, NOT_ROUNDED = "full rank", "not rounded"
"""A stage's filters before their rank is reduced, and before they are rounded."""

SPARSE = 10 * 64
"""A bucket of fewer cells than this, ten for each weight of an output, leans on the others."""


@dataclass(frozen=True)
class Trained:
    """A bank, how good it is, and what became of the photographs.

    Attributes
    ----------
    bank : Bank
    psnr : dict of str to dict of int to float
        Luma PSNR in dB on the validation set, by quality: of the base image alone (upscaled by
        bicubic interpolation), then after each stage, those left out as well, each preceded by
        what it would be with filters of full rank, and with filters that are not rounded. Empty
        where the validation set is.
    sparse : tuple of int
        For each filter stage, the number of buckets with fewer than `SPARSE` cells.
    photographs : int
        How many it was trained on.
    validation_photographs : int
        How many it was measured on.
    unreadable : list of RaisrError
    checkpoints : CheckpointDirectory
        May be removed once the bank is written.
    """

    bank: Bank
    psnr: dict[str, dict[int, float]]
    sparse: tuple[int, ...]
    photographs: int
    validation_photographs: int
    unreadable: list[RaisrError]
    checkpoints: CheckpointDirectory

    @property
    def mean_psnr(self) -> dict[str, float]:
        """`psnr`, averaged over the qualities."""
        return {name: fmean(levels.values()) for name, levels in self.psnr.items()}


def train(
    photos: Sequence[Path],
    settings: Settings,
    jobs: int,
    progress: Progress,
    checkpoints: Path | None = None,
    scheduler: str | None = None,
) -> Trained:
    """Train a bank on photographs.

    Memory does not grow with their number: what tasks make waits on disk. The bank depends on
    photographs and settings alone, neither on who runs the tasks nor on interruptions.

    Parameters
    ----------
    photos : sequence of Path
    settings : Settings
    jobs : int
        Processes to use on this machine.
    progress : callable
    checkpoints : Path, optional
        Folder for the checkpoint directory of this training, from which the same training goes on
        after an interruption; by default nothing outlives this call.
    scheduler : str, optional
        Address of a Dask scheduler; its workers must see `checkpoints` and the photographs.

    Raises
    ------
    NoPhotographs
        None of them can be read.
    TrainingStopped
        Something other than the photographs is in the way.
    """
    with ExitStack() as stack:
        if checkpoints is None:
            temporary = tempfile.TemporaryDirectory(prefix="raisr-train-")
            checkpoints = Path(stack.enter_context(temporary))
        directory = CheckpointDirectory(checkpoints.absolute() / _key(photos, settings))
        stack.enter_context(directory.opened())
        executor = stack.enter_context(open_executor(jobs, scheduler))
        run = _Run(directory, executor, TrainingProgress(progress, len(photos), settings))
        readable, unreadable = _encode_photographs(photos, settings, run)
        validation = [example for example in readable if example.in_validation_set]
        examples = [example for example in readable if not example.in_validation_set]
        if not examples:
            directory.remove()
            raise NoPhotographs(list(photos))
        psnr = {ALONE: _measured(run, ALONE, validation, 0)}
        stages = []
        for number, (depth, rank) in enumerate(
            zip(settings.depths, settings.ranks, strict=True), start=1
        ):
            upscales = number == 1 and not settings.upsample_first
            block = int(settings.scales[0] * CELL) if upscales else CELL
            plan = _Plan(number, block, depth, rank, settings.qualities, settings.ridge)
            stages.append(_trained_stage(run, examples, plan))
            psnr |= _compared(run, validation, plan, stages[-1][0].tree)
            psnr[stage_name(number)] = _measured(run, stage_name(number), validation, number)
        if settings.blend:
            filters = len(settings.depths)
            psnr["blend"] = _measured(run, "blend", validation, filters, settings.blend)
        knots = items.demand_knots(directory)
    kept = _worthwhile(settings, psnr, stages) if validation else stages
    return Trained(
        Bank(settings.base, knots, _assembled(settings, kept)),
        psnr if validation else {},
        tuple(int((cells < SPARSE).sum()) for _, cells in kept),
        len({example.photo for example in examples}),
        len({example.photo for example in validation}),
        unreadable,
        directory,
    )


@dataclass(frozen=True)
class _Plan:
    """What a stage shall be."""

    number: int
    block: int
    depth: int
    rank: int
    qualities: tuple[int, ...]
    ridge: float


def _worthwhile(
    settings: Settings, psnr: dict[str, dict[int, float]], stages: list[CountedStage]
) -> list[CountedStage]:
    """The stages without the last ones that gain less than `Settings.min_gain`."""
    levels = [fmean(psnr[stage_name(number)].values()) for number in range(1, len(stages) + 1)]
    if settings.min_gain is not None:
        while len(levels) > 1 and levels[-1] - levels[-2] < settings.min_gain:
            levels.pop()
    return stages[: len(levels)]


def _assembled(settings: Settings, trained: list[CountedStage]) -> tuple[BankStage, ...]:
    """All stages of the bank."""
    stages: list[BankStage] = [stage for stage, _ in trained]
    if settings.upsample_first:
        stages.insert(0, _resize_stage(settings))
    if settings.blend:
        stages.append(BlendStage(settings.blend))
    return tuple(stages)


class _Run:
    """One run of a training: hands tasks to the executor and reports progress.

    Parameters
    ----------
    checkpoints : CheckpointDirectory
        First argument of all tasks.
    executor : Executor
    progress : TrainingProgress
    """

    def __init__(
        self, checkpoints: CheckpointDirectory, executor: Executor, progress: TrainingProgress
    ) -> None:
        self.checkpoints, self.executor, self.progress = checkpoints, executor, progress

    def map(
        self,
        step: str,
        task: Callable[..., Any],
        arguments: Sequence[tuple[Any, ...]],
        *shared: Any,
    ) -> list[Any]:
        """Results of a task, in the order of its arguments."""
        results = []
        for result in self.executor.map(partial(task, self.checkpoints), arguments, *shared):
            results.append(result)
            self.progress(step, len(results), len(arguments))
        return results


def _encode_photographs(
    photos: Sequence[Path], settings: Settings, run: _Run
) -> tuple[list[Example], list[RaisrError]]:
    """The examples whose photographs can be read, and why others cannot."""
    examples = spread(photos, settings)
    arguments = [(example,) for example in examples]
    errors = run.map(ENCODING, tasks.encode_photograph, arguments, len(settings.depths))
    readable = [each for each, error in zip(examples, errors, strict=True) if error is None]
    # What cannot be read for one quality cannot be read for another.
    named = {each.photo: error for each, error in zip(examples, errors, strict=True) if error}
    return readable, list(named.values())


def _trained_stage(run: _Run, examples: list[Example], plan: _Plan) -> CountedStage:
    found = items.load_stage(run.checkpoints, plan.number)
    if found is None:
        tree = _grown_tree(run, examples, plan)
        levels = _summed(run, examples, tree, plan)
        with one_thread():
            found = _fitted(run, sorted({each.quality for each in examples}), levels, tree, plan)
        items.store_stage(run.checkpoints, plan.number, found)
        run.checkpoints.drop(f"sums-{plan.number}-*")
    for step in (SAMPLING, GROWING, SUMMING, FITTING):
        run.progress.skip(stage_step(plan.number, step))
    return found


def _fitted(
    run: _Run, qualities: list[int], levels: list[Sums], tree: Tree, plan: _Plan
) -> CountedStage:
    """The stage, from the sums at each quality."""
    report = partial(run.progress, stage_step(plan.number, FITTING))
    knots = items.load_knots(run.checkpoints)
    if knots is None:
        fitted = low_rank.fit_noise(levels, plan.ridge)
        knots = tuple(zip(qualities, fitted.tolist(), strict=True))
        items.store_knots(run.checkpoints, knots)
    report(1, 4)
    noise = np.array([noise for _, noise in knots])
    moments, error = low_rank.weigh(levels, noise, plan.ridge)
    exact = low_rank.fit_linear(moments, plan.ridge)
    report(2, 4)
    mean = rounding.round_mean(moments) / low_rank.ONE
    reduced = low_rank.fit_low_rank(moments, mean, exact, plan.rank)
    report(3, 4)
    for name, filters in ((FULL_RANK, exact), (NOT_ROUNDED, reduced.linear())):
        weights = np.stack(
            [filters.weights(noise_at(quality, knots)) for quality in plan.qualities]
        )
        items.store_weights(run.checkpoints, plan.number, name, weights)
    stage = rounding.round_stage(plan.block, tree, reduced, moments, error)
    report(4, 4)
    return stage, sum((each.cells for each in levels), np.zeros(tree.leaves, np.int64))


def _grown_tree(run: _Run, examples: list[Example], plan: _Plan) -> Tree:
    number = plan.number
    tree = items.load_tree(run.checkpoints, number)
    if tree is None:
        arguments = [(example,) for example in examples]
        count = -(-GROWING_CELLS // len(examples))
        sampling = stage_step(number, SAMPLING)
        run.map(sampling, tasks.sample_cells, arguments, number, plan.block, count)
        names = [items.cells_name(example, number) for example in examples]
        cells = [run.checkpoints.demand(name) for name in names]
        samples = np.concatenate([each["samples"] for each in cells]).astype(np.int8, copy=False)
        features = np.concatenate([each["features"] for each in cells], axis=1)
        report = partial(run.progress, stage_step(number, GROWING))
        tree = grow_tree(samples, features.astype(np.int32), plan.depth, run.executor.local, report)
        items.store_tree(run.checkpoints, number, tree)
        run.checkpoints.drop(f"cells-{number}-*")
    for step in (SAMPLING, GROWING):
        run.progress.skip(stage_step(number, step))
    return tree


def _summed(run: _Run, examples: list[Example], tree: Tree, plan: _Plan) -> list[Sums]:
    """Sums over all examples of each quality."""
    by_quality = [list(group) for _, group in groupby(examples, attrgetter("quality"))]
    groups = [
        group[start : start + GROUP]
        for group in by_quality
        for start in range(0, len(group), GROUP)
    ]
    arguments = [(group,) for group in groups]
    summing = stage_step(plan.number, SUMMING)
    names = run.map(summing, tasks.sum_up, arguments, tree, plan.number, plan.block)
    named = zip(groups, names, strict=True)
    return [
        reduce(add, (items.demand_sums(run.checkpoints, name) for _, name in of_quality))
        for _, of_quality in groupby(named, key=lambda each: each[0][0].quality)
    ]


def _compared(
    run: _Run, validation: list[Example], plan: _Plan, tree: Tree
) -> dict[str, dict[int, float]]:
    """PSNR with filters of full rank, and with filters that are not rounded."""
    psnr = {}
    for name in (FULL_RANK, NOT_ROUNDED):
        what = f"{stage_name(plan.number)}, {name}"
        arguments = [(example, plan.number, name, tree) for example in validation]
        psnr[what] = _levels(run, what, validation, tasks.measure_weights, arguments)
    return psnr


def _measured(
    run: _Run, what: str, validation: list[Example], stages: int, blend: int = 0
) -> dict[int, float]:
    """PSNR after the first filter stages, and a blend stage if its strength is given."""
    if blend:
        arguments: list[tuple[Any, ...]] = [(example, stages, blend) for example in validation]
        return _levels(run, what, validation, tasks.measure_blended, arguments)
    arguments = [(example, stages) for example in validation]
    return _levels(run, what, validation, tasks.measure, arguments)


def _levels(
    run: _Run,
    what: str,
    validation: list[Example],
    task: Callable[..., float],
    arguments: Sequence[tuple[Any, ...]],
) -> dict[int, float]:
    """Mean luma PSNR in dB of the validation set at each quality, as a task measures it."""
    name = items.psnr_name(what)
    found = run.checkpoints.load(name)
    if found is not None:
        levels = found["levels"].astype(np.float64)
    else:
        levels = np.array(run.map(measuring_step(what), task, arguments), np.float64)
        run.checkpoints.store(name, levels=levels)
    run.progress.skip(measuring_step(what))
    quality = np.array([example.quality for example in validation])
    return {each: float(levels[quality == each].mean()) for each in sorted(set(quality.tolist()))}


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
