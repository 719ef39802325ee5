"""Photographs that visitors try: encoded while they watch, in memory alone, and soon forgotten."""

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
from raisr.images.reading import decode_image, photo_shape
from raisr.images.resampling import lanczos
from raisr.search.search import search
from raisr.search.settings import Settings
from raisr_decoder.errors import LimitExceeded, RaisrError
from raisr_decoder.shapes import scaled_shape
from raisr_web.baselines import BASELINES, baseline, bytes_of_same_quality
from raisr_web.errors import Busy, TrialMissing

MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000
SHOWN_PIXELS = 2_000_000
"""Larger photographs are reduced to this many first: judging takes 400 bytes of memory a pixel."""
KEPT_SECONDS = 15 * 60
MAX_TRIALS = 8
RETRY_SECONDS = 60


@dataclass
class Step:
    """A part of the work; `seconds` is None until it is done."""

    name: str
    begun: bool = False
    seconds: float | None = None


@dataclass
class Trial:
    """A photograph, and what has been made of it so far.

    `same_quality` is the size in bytes of the plain JPEG that looks as good as the payload, by
    SSIMULACRA2; None where no quality of JPEG does.
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


class Trials:
    """All trials of the last minutes, worked on one after the other."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._trials: dict[str, Trial] = {}
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(1, "trial")
        self._closed = threading.Event()

    def start(self, data: bytes, name: str, target_size: int) -> str:
        """Take a photograph; the token is the only way to its trial.

        Raises
        ------
        Busy, LimitExceeded, ImageUnreadable
        """
        rows, columns = photo_shape(data, name)
        if rows * columns > MAX_PIXELS:
            raise LimitExceeded("pixels of the photograph", rows * columns, MAX_PIXELS)
        trial = Trial(name, target_size, self._clock())
        token = secrets.token_urlsafe(16)
        with self._lock:
            self._forget_old()
            if sum(not other.finished for other in self._trials.values()) >= MAX_TRIALS:
                raise Busy(RETRY_SECONDS)
            self._trials[token] = trial
        self._worker.submit(run, trial, data, self._closed.is_set)
        return token

    def close(self) -> None:
        """Begin no further trial, and end the one that runs after its step."""
        self._closed.set()
        self._worker.shutdown(wait=False, cancel_futures=True)

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


def run(trial: Trial, data: bytes, closed: Callable[[], bool] = lambda: False) -> None:
    """Do all the work of a trial, or what is done until the server has `closed`."""
    try:
        with step(trial, "reading"):
            photo = at_most(decode_image(data, trial.name).pixels, SHOWN_PIXELS)
        with step(trial, "searching codec, scale, quality and filters"):
            trial.payload = search(photo, Settings(target_size=trial.target_size, effort=1))
        for base, title in BASELINES.items():
            if closed():
                return
            with step(trial, f"plain {title} of the same size"):
                trial.baselines[base] = baseline(photo, base, len(trial.payload.payload))
        with step(trial, "plain JPEG of the same quality"):
            trial.same_quality = bytes_of_same_quality(photo, trial.payload.score)
    except (RaisrError, MemoryError) as error:
        trial.problem = str(error) or "there is not enough memory for this photograph"
    finally:
        trial.finished = True


@contextmanager
def step(trial: Trial, name: str) -> Iterator[None]:
    """Tell that a step has begun, and how long it took."""
    current = Step(name, begun=True)
    trial.steps.append(current)
    begun = time.monotonic()
    yield
    current.seconds = time.monotonic() - begun


def at_most(photo: NDArray[np.uint8], pixels: int) -> NDArray[np.uint8]:
    """The photograph, reduced if it has more pixels."""
    rows, columns = photo.shape[:2]
    if rows * columns <= pixels:
        return photo
    return lanczos(photo, scaled_shape((rows, columns), Fraction(sqrt(pixels / rows / columns))))
