"""Trains filter banks on photographs."""

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

from raisr.errors import NoPhotographs
from raisr.executor import Executor, open_executor
from raisr.fingerprint import fingerprint, of_programs
from raisr.progress import Progress
from raisr.training import items, tasks
from raisr.training.checkpoints import CheckpointDirectory
from raisr.training.examples import Example, spread
from raisr.training.items import CountedStage
from raisr.training.least_squares import Sums, solve
from raisr.training.progress import (
    ENCODING,
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
from raisr_decoder.cells import CELL
from raisr_decoder.errors import RaisrError
from raisr_decoder.tree import Tree

GROWING_CELLS = 1_200_000
"""Cells that a tree is grown on, whatever the number of photographs."""

GROUP = 4
"""Photographs whose sums a process adds before it hands them over."""

ALONE = "base alone"
"""Upscaled by bicubic interpolation, without filters."""

SPARSE = 10 * 64
"""A bucket of fewer cells than this, ten for each weight of an output, leans on the ridge."""


@dataclass(frozen=True)
class TrainedBank:
    """A bank and how good it is.

    Attributes
    ----------
    bank : Bank
    psnr : dict of str to float
        Mean luma PSNR in dB on the validation set: of the base image alone (upscaled by bicubic
        interpolation), then after each stage, those left out as well. Empty where the validation
        set is.
    sparse : tuple of int
        For each filter stage, the number of buckets with fewer than `SPARSE` cells.
    """

    bank: Bank
    psnr: dict[str, float]
    sparse: tuple[int, ...]


@dataclass(frozen=True)
class Trained:
    """Banks, and what became of the photographs.

    Attributes
    ----------
    banks : tuple of TrainedBank
        One for each range of `Settings.qualities`.
    photographs : int
        How many they were trained on.
    validation_photographs : int
        How many they were measured on.
    unreadable : list of RaisrError
    checkpoints : CheckpointDirectory
        May be removed once the banks are written.
    """

    banks: tuple[TrainedBank, ...]
    photographs: int
    validation_photographs: int
    unreadable: list[RaisrError]
    checkpoints: CheckpointDirectory


def train(
    photos: Sequence[Path],
    settings: Settings,
    jobs: int,
    progress: Progress,
    checkpoints: Path | None = None,
    scheduler: str | None = None,
) -> Trained:
    """Train banks on photographs.

    Memory does not grow with their number: what tasks make waits on disk. The banks depend on
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
        for number, depth in enumerate(settings.depths, start=1):
            upscales = number == 1 and not settings.upsample_first
            block = int(settings.scales[0] * CELL) if upscales else CELL
            stages.append(_trained_stage(run, examples, depth, block, settings.ridge, number))
            psnr[f"stage {number}"] = _measured(run, f"stage {number}", validation, number)
        if settings.blend:
            filters = len(settings.depths)
            psnr["blend"] = _measured(run, "blend", validation, filters, settings.blend)
        banks = tuple(
            _assembled(
                settings,
                qualities,
                [stage[place] for stage in stages],
                {name: levels[place] for name, levels in psnr.items()} if validation else {},
            )
            for place, qualities in enumerate(settings.qualities)
        )
    photographs, validation_photographs = (
        len(each) // len(banks) for each in (examples, validation)
    )
    return Trained(banks, photographs, validation_photographs, unreadable, directory)


def _assembled(
    settings: Settings,
    qualities: tuple[int, int],
    trained: list[CountedStage],
    psnr: dict[str, float],
) -> TrainedBank:
    """A bank without the last filter stages that gain less than `Settings.min_gain`."""
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
    # What cannot be read for one bank cannot be read for another.
    return readable, [error for error in errors[: len(photos)] if error is not None]


def _trained_stage(
    run: _Run, examples: list[Example], depth: int, block: int, ridge: float, number: int
) -> list[CountedStage]:
    """A stage of each bank; they share the tree."""
    banks = sorted({example.bank for example in examples})
    found = [items.load_stage(run.checkpoints, number, bank) for bank in banks]
    if None in found:
        tree = _grown_tree(run, examples, depth, block, number)
        for bank, sums in enumerate(_summed(run, examples, tree, block, number)):
            stage = FilterStage(block, tree, solve(sums, ridge))
            items.store_stage(run.checkpoints, number, bank, (stage, sums.cells))
        run.checkpoints.drop(f"sums-{number}-*")
        found = [items.load_stage(run.checkpoints, number, bank) for bank in banks]
    for step in (SAMPLING, GROWING, SUMMING):
        run.progress.skip(stage_step(number, step))
    return [stage for stage in found if stage is not None]


def _grown_tree(run: _Run, examples: list[Example], depth: int, block: int, number: int) -> Tree:
    tree = items.load_tree(run.checkpoints, number)
    if tree is None:
        arguments = [(example,) for example in examples]
        count = -(-GROWING_CELLS // len(examples))
        sampling = stage_step(number, SAMPLING)
        run.map(sampling, tasks.sample_cells, arguments, number, block, count)
        names = [items.cells_name(example, number) for example in examples]
        cells = [run.checkpoints.demand(name) for name in names]
        samples = np.concatenate([each["samples"] for each in cells]).astype(np.int8, copy=False)
        features = np.concatenate([each["features"] for each in cells], axis=1)
        report = partial(run.progress, stage_step(number, GROWING))
        tree = grow_tree(samples, features.astype(np.int32), depth, run.executor.local, report)
        items.store_tree(run.checkpoints, number, tree)
        run.checkpoints.drop(f"cells-{number}-*")
    for step in (SAMPLING, GROWING):
        run.progress.skip(stage_step(number, step))
    return tree


def _summed(
    run: _Run, examples: list[Example], tree: Tree, block: int, number: int
) -> Iterator[Sums]:
    """Sums over all examples, for each bank."""
    by_bank = [list(group) for _, group in groupby(examples, attrgetter("bank"))]
    groups = [
        group[start : start + GROUP] for group in by_bank for start in range(0, len(group), GROUP)
    ]
    arguments = [(group,) for group in groups]
    names = run.map(stage_step(number, SUMMING), tasks.sum_up, arguments, tree, number, block)
    named = zip(groups, names, strict=True)
    for _, of_bank in groupby(named, key=lambda each: each[0][0].bank):
        yield reduce(add, (items.demand_sums(run.checkpoints, name) for _, name in of_bank))


def _measured(
    run: _Run, what: str, validation: list[Example], stages: int, blend: int = 0
) -> list[float]:
    """Mean luma PSNR in dB of the validation set for each bank.

    After the first filter stages, and a blend stage if its strength is given.
    """
    name = items.psnr_name(what)
    found = run.checkpoints.load(name)
    if found is not None:
        levels = found["levels"].astype(np.float64)
    else:
        arguments = [(example, stages) for example in validation]
        step = measuring_step(what)
        results = (
            run.map(step, tasks.measure_blended, arguments, blend)
            if blend
            else run.map(step, tasks.measure, arguments)
        )
        levels = np.array(results, np.float64)
        run.checkpoints.store(name, levels=levels)
    run.progress.skip(measuring_step(what))
    bank = np.array([example.bank for example in validation])
    return [float(levels[bank == each].mean()) for each in sorted(set(bank.tolist()))]


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
