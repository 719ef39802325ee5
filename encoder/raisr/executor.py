"""Who does the work: processes of this machine, or the workers of a Dask cluster."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError

from raisr.errors import DaskMissing, SchedulerUnreachable, WorkersLost

PATIENCE = 10
"""Seconds to wait for a scheduler, and for the first worker."""


class Executor:
    """Maps functions over tasks, on this machine or on a cluster.

    Attributes
    ----------
    local : joblib.Parallel
        Processes of this machine, for work that does not grow with the corpus.
    """

    def __init__(self, everyone: joblib.Parallel, local: joblib.Parallel) -> None:
        self._everyone, self.local = everyone, local

    def map(
        self, function: Callable[..., Any], tasks: Sequence[tuple[Any, ...]], *shared: Any
    ) -> Iterator[Any]:
        """Results in the order of the tasks, as they come.

        Raises
        ------
        WorkersLost
        """
        try:
            yield from self._everyone(joblib.delayed(function)(*task, *shared) for task in tasks)
        except Exception as error:
            if isinstance(error, TerminatedWorkerError) or type(error).__name__ == "KilledWorker":
                raise WorkersLost(str(error)) from error
            raise


@contextmanager
def open_executor(jobs: int, scheduler: str | None) -> Iterator[Executor]:
    """A executor for the time within.

    Parameters
    ----------
    jobs : int
        Processes to use on this machine.
    scheduler : str or None
        Address of a Dask scheduler, whose workers do what grows with the corpus.

    Raises
    ------
    DaskMissing, SchedulerUnreachable
    """
    with (
        warnings.catch_warnings(),
        joblib.Parallel(n_jobs=jobs, backend="loky", return_as="generator") as local,
    ):
        # Memory that a large picture took and gave back looks like a leak; no work is lost.
        warnings.filterwarnings("ignore", "A worker stopped", UserWarning)
        if scheduler is None:
            yield Executor(local, local)
        else:
            with _on_cluster(scheduler) as cluster:
                yield Executor(cluster, local)


@contextmanager
def _on_cluster(address: str) -> Iterator[joblib.Parallel]:
    try:
        from distributed import Client
    except ImportError as error:
        raise DaskMissing from error
    try:
        client = Client(  # type: ignore[no-untyped-call]
            address, timeout=PATIENCE, set_as_default=False
        )
    except (OSError, ValueError) as error:
        raise SchedulerUnreachable(address, "no scheduler answers there") from error
    with client, joblib.parallel_config(backend="dask", client=client):
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            raise SchedulerUnreachable(address, "it has no workers") from error
        yield joblib.Parallel(n_jobs=-1, return_as="generator")
