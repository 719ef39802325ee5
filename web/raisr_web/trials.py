"""Photographs that visitors try: encoded while they watch, in memory alone, and soon forgotten."""

import ctypes
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from raisr.encoded import Encoded
from raisr.images.reading import decode_reduced, is_jpeg, photo_shape
from raisr.images.resampling import lanczos
from raisr.search.search import search
from raisr.search.settings import Settings
from raisr_decoder.errors import LimitExceeded, RaisrError
from raisr_decoder.shapes import scaled_shape
from raisr_web.baselines import BASELINES, baseline, bytes_of_same_quality
from raisr_web.errors import Busy, TrialMissing
from raisr_web.job_queue import JobQueue
from raisr_web.savings import Savings

MAX_BYTES = 20_000_000
MAX_PIXELS = 20_000_000
"""Reading takes up to 52 bytes of memory a pixel, of 16-bit colours with transparency."""
MAX_JPEG_PIXELS = 50_000_000
"""JPEGs are decoded at a fraction of their size."""
MAX_SHOWN_PIXELS = 1_000_000
"""Larger photographs are downscaled first: SSIMULACRA2 takes 400 bytes of memory a pixel."""
THREADS = 1
"""Of the search: each has a SSIMULACRA2 of its own."""
KEPT_SECONDS = 15 * 60
MAX_TRIALS = 8
RETRY_SECONDS = 60


@dataclass
class Step:
    """A step of a trial, and how long it took; `seconds` is None until it is done."""

    name: str
    seconds: float | None = None


@dataclass
class Trial:
    """A photograph, and what has been made of it so far.

    Attributes
    ----------
    name : str
        Of the photograph's file.
    target_size : int
        Of the payload, in bytes.
    begun : float
        When, by the clock of `Trials`.
    steps : list of Step
        Those that have begun.
    payload : Encoded or None
    baselines : dict of str to Encoded
        The photograph by plain codecs at the size of the payload, by the codec's name.
    same_quality : int or None
        Size in bytes of the plain JPEG that looks as good as the payload, by SSIMULACRA2; None
        where no quality of JPEG does.
    problem : str or None
        Why there is no result.
    finished : bool
    """

    name: str
    target_size: int
    begun: float
    steps: list[Step] = field(default_factory=list)
    payload: Encoded | None = None
    baselines: dict[str, Encoded] = field(default_factory=dict)
    same_quality: int | None = None
    problem: str | None = None
    finished: bool = False

    @property
    def progress(self) -> list[Step]:
        """The steps that have begun and, while no step runs, that the trial is waiting."""
        waiting = not self.finished and all(step.seconds is not None for step in self.steps)
        return [*self.steps, Step("waiting for other photographs")] if waiting else self.steps

    @property
    def savings(self) -> Savings:
        """Bytes of the payload beside those of a plain JPEG that looks as good, once both exist."""
        if self.payload is None or self.same_quality is None:
            return Savings(0, 0, 0)
        return Savings(1, len(self.payload.payload), self.same_quality)


class Trials:
    """The trials of the last minutes, one after the other.

    Parameters
    ----------
    jobs : JobQueue
        Where each step waits until no other job runs.
    clock : callable, optional
        Seconds.
    """

    def __init__(self, jobs: JobQueue, clock: Callable[[], float] = time.monotonic) -> None:
        self._jobs = jobs
        self._clock = clock
        self._trials: dict[str, Trial] = {}
        self._lock = threading.Lock()
        self._executor = ThreadPoolExecutor(1, "trial")
        self._closed = threading.Event()

    def start(self, data: bytes, name: str, target_size: int) -> str:
        """Take a photograph; the token returned is the only way to its trial.

        Raises
        ------
        Busy, LimitExceeded, ImageUnreadable
        """
        rows, columns = photo_shape(data, name)
        limit = MAX_JPEG_PIXELS if is_jpeg(data) else MAX_PIXELS
        if rows * columns > limit:
            raise LimitExceeded("pixels of the photograph", rows * columns, limit)
        trial = Trial(name, target_size, self._clock())
        token = secrets.token_urlsafe(16)
        with self._lock:
            self._forget_old()
            if sum(not other.finished for other in self._trials.values()) >= MAX_TRIALS:
                raise Busy(RETRY_SECONDS)
            self._trials[token] = trial
        self._executor.submit(run, trial, data, self._jobs, self._closed.is_set)
        return token

    def close(self) -> None:
        """Begin no further trial, and end the one that runs after its step."""
        self._closed.set()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def find(self, token: str) -> Trial:
        """The trial of that token.

        Raises
        ------
        TrialMissing
        """
        with self._lock:
            self._forget_old()
            try:
                return self._trials[token]
            except KeyError:
                raise TrialMissing from None

    def _forget_old(self) -> None:
        oldest = self._clock() - KEPT_SECONDS
        self._trials = {
            token: trial for token, trial in self._trials.items() if trial.begun >= oldest
        }


def run(
    trial: Trial, data: bytes, jobs: JobQueue, closed: Callable[[], bool] = lambda: False
) -> None:
    """Run all steps of a trial, or those that begin before the server has `closed`."""
    try:
        with step(trial, "reading", jobs):
            image = decode_reduced(data, trial.name, MAX_SHOWN_PIXELS)
            photo = at_most(image.pixels, MAX_SHOWN_PIXELS)
            del image
        with step(trial, "searching codec, scale, quality and filters", jobs):
            settings = Settings(target_size=trial.target_size, effort=1)
            trial.payload = search(photo, settings, jobs=THREADS)
        for codec in BASELINES:
            if closed():
                return
            with step(trial, f"plain {codec.title} of the same size", jobs):
                size = len(trial.payload.payload)
                trial.baselines[codec.name] = baseline(photo, codec.name, size)
        with step(trial, "plain JPEG of the same quality", jobs):
            trial.same_quality = bytes_of_same_quality(photo, trial.payload.score)
    except (RaisrError, MemoryError) as error:
        trial.problem = str(error) or "there is not enough memory for this photograph"
    finally:
        trial.finished = True
        give_back_memory()


def give_back_memory() -> None:
    """Let the system have the memory that is not used any more, which glibc would keep."""
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if malloc_trim is not None:
        malloc_trim(0)


@contextmanager
def step(trial: Trial, name: str, jobs: JobQueue) -> Iterator[None]:
    """Run a step of a trial as a job, and record that it has begun and how long it took."""
    with jobs.background_slot():
        current = Step(name)
        trial.steps.append(current)
        begun = time.monotonic()
        yield
        current.seconds = time.monotonic() - begun


def at_most(photo: NDArray[np.uint8], pixels: int) -> NDArray[np.uint8]:
    """The photograph, downscaled if it has more pixels than that."""
    rows, columns = photo.shape[:2]
    if rows * columns <= pixels:
        return photo
    return lanczos(photo, scaled_shape((rows, columns), Fraction(sqrt(pixels / rows / columns))))
