"""The queue for the heavy jobs of an application: one runs at a time, and only a few may wait."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from raisr_web.errors import Busy

MAX_WAITING = 24
MAX_WAIT_SECONDS = 60.0
RETRY_SECONDS = 5


class JobQueue:
    """Jobs that each use every core; they run one after the other, first come, first served.

    Parameters
    ----------
    max_jobs : int
        How many may run or wait before a request is refused.
    max_wait_seconds : float
        How long a request waits before it is refused.
    """

    def __init__(
        self, max_jobs: int = MAX_WAITING, max_wait_seconds: float = MAX_WAIT_SECONDS
    ) -> None:
        self._max_jobs = max_jobs
        self._max_wait_seconds = max_wait_seconds
        self._jobs: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait until no other job runs, then run the body of the `with` statement as the job.

        Raises
        ------
        Busy
            If too many jobs wait already, or when the wait takes too long.
        """
        job = object()
        with self._changed:
            if len(self._jobs) >= self._max_jobs:
                raise Busy(RETRY_SECONDS)
            self._jobs.append(job)
        with self._first(job, self._max_wait_seconds):
            yield

    @contextmanager
    def background_slot(self) -> Iterator[None]:
        """As `slot`, for a job that no request waits for: it is never refused."""
        job = object()
        with self._changed:
            self._jobs.append(job)
        with self._first(job, None):
            yield

    @contextmanager
    def _first(self, job: object, seconds: float | None) -> Iterator[None]:
        """Wait until a job is the first of the queue; in the end take it out."""
        try:
            with self._changed:
                if not self._changed.wait_for(lambda: self._jobs[0] is job, seconds):
                    raise Busy(RETRY_SECONDS)
            yield
        finally:
            with self._changed:
                self._jobs.remove(job)
                self._changed.notify_all()
