"""Runs tasks in processes of this machine, or on the workers of a Dask cluster."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError

from raisr.errors import SchedulerUnreachable, WorkersLost, WorkersUnavailable
from raisr.extras import require_extra

TIMEOUT = 10
"""Seconds to wait for a scheduler, and for the first worker."""


class Executor:
    """Maps functions over tasks, on this machine or on a cluster.

    Parameters
    ----------
    workers : joblib.Parallel
        Run what `map` is given.
    local : joblib.Parallel
        Processes of this machine, for tasks whose number does not grow with the photographs.
    """

    def __init__(self, workers: joblib.Parallel, local: joblib.Parallel) -> None:
        self._workers, self.local = workers, local

    def map(
        self, function: Callable[..., Any], tasks: Sequence[tuple[Any, ...]], *shared: Any
    ) -> Iterator[Any]:
        """Results in the order of the tasks, as they come.

        Parameters
        ----------
        function : callable
            It can be pickled.
        tasks : sequence of tuple
            Arguments of each call.
        *shared
            Further arguments, the same for all calls.

        Raises
        ------
        WorkersLost
        """
        try:
            yield from self._workers(joblib.delayed(function)(*task, *shared) for task in tasks)
        except Exception as error:
            if isinstance(error, TerminatedWorkerError) or type(error).__name__ == "KilledWorker":
                raise WorkersLost(str(error)) from error
            raise


@contextmanager
def open_executor(jobs: int, scheduler: str | None) -> Iterator[Executor]:
    """An executor that is shut down on leaving.

    Parameters
    ----------
    jobs : int
        Processes to use on this machine.
    scheduler : str or None
        Address of a Dask scheduler, whose workers then run what `Executor.map` is given.

    Raises
    ------
    ExtraMissing, SchedulerUnreachable, WorkersUnavailable
    """
    with (
        _starting_workers(),
        warnings.catch_warnings(),
        joblib.Parallel(n_jobs=jobs, backend="loky", return_as="generator") as local,
    ):
        # Memory that a large photograph took and gave back looks like a leak; no work is lost.
        warnings.filterwarnings("ignore", "A worker stopped", UserWarning)
        if scheduler is None:
            yield Executor(local, local)
        else:
            with _on_cluster(scheduler) as cluster:
                yield Executor(cluster, local)


@contextmanager
def _starting_workers() -> Iterator[None]:
    """Name what breaks when worker processes end as they start: a pipe, as if a terminal closed."""
    try:
        yield
    except OSError as error:
        # What a task raises comes with the worker's traceback as its cause.
        if error.__cause__ is None:
            raise WorkersUnavailable(error.strerror or str(error)) from error
        raise


@contextmanager
def _on_cluster(address: str) -> Iterator[joblib.Parallel]:
    require_extra("distributed")
    from distributed import Client

    try:
        client = Client(  # type: ignore[no-untyped-call]
            address, timeout=TIMEOUT, set_as_default=False
        )
    except (OSError, ValueError) as error:
        raise SchedulerUnreachable(address, "no scheduler answers there") from error
    with client, joblib.parallel_config(backend="dask", client=client):
        try:
            client.wait_for_workers(1, timeout=TIMEOUT)
        except TimeoutError as error:
            raise SchedulerUnreachable(address, "it has no workers") from error
        yield joblib.Parallel(n_jobs=-1, return_as="generator")
