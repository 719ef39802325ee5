import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from raisr.images.writing import save_png
from raisr_decoder.errors import LimitExceeded
from raisr_web.errors import Busy, TrialMissing
from raisr_web.job_queue import JobQueue
from raisr_web.trials import (
    KEPT_SECONDS,
    MAX_JPEG_PIXELS,
    MAX_PIXELS,
    MAX_SHOWN_PIXELS,
    THREADS,
    Trial,
    Trials,
    at_most,
    run,
)


def test_trials_are_forgotten_after_a_while(photograph: np.ndarray) -> None:
    now = [0.0]
    trials = Trials(JobQueue(), clock=lambda: now[0])
    token = trials.start(save_png(photograph), "photo.png", 12_500)
    now[0] = KEPT_SECONDS
    assert trials.find(token).name == "photo.png"
    now[0] += 1
    with pytest.raises(TrialMissing):
        trials.find(token)


def test_a_size_that_cannot_be_reached_is_a_problem_in_words(photograph: np.ndarray) -> None:
    trial = Trial("photo.png", target_size=10, begun=0)
    run(trial, save_png(photograph), JobQueue())
    assert trial.finished
    assert "cannot be reached" in (trial.problem or "")


def test_large_photographs_are_downscaled_in_proportion() -> None:
    assert at_most(np.zeros((300, 400, 3), np.uint8), 30_000).shape == (150, 200, 3)
    assert at_most(np.zeros((30, 40, 3), np.uint8), 30_000).shape == (30, 40, 3)


@pytest.mark.parametrize(
    ("kind", "size", "limit"),
    [("PNG", (65535, 700), MAX_PIXELS), ("JPEG", (8000, 6400), MAX_JPEG_PIXELS)],
)
def test_a_photograph_that_takes_too_much_memory_is_refused(
    kind: str, size: tuple[int, int], limit: int
) -> None:
    data = io.BytesIO()
    Image.new("L", size).save(data, kind)
    with pytest.raises(LimitExceeded, match=f"limit of {limit}"):
        Trials(JobQueue()).start(data.getvalue(), "photo", 12_500)


READING = """
import io, resource, sys
from PIL import Image
from raisr_web import trials
from raisr_web.errors import Busy

def end(photo, settings, jobs):
    print(photo.shape[0] * photo.shape[1], jobs, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    raise Busy(1)

trials.search = end
data = sys.stdin.buffer.read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
trials.run(trials.Trial("photo", 12_500, 0), data, trials.JobQueue())
print(before)
"""


def test_reading_a_large_photograph_takes_the_memory_of_a_small_one() -> None:
    data = io.BytesIO()
    Image.linear_gradient("L").resize((8000, 6000)).convert("RGB").save(data, "JPEG")
    command = [sys.executable, "-c", READING]
    done = subprocess.run(command, input=data.getvalue(), capture_output=True, check=True)
    pixels, jobs, peak, before = map(int, done.stdout.split())
    assert 0.9 * MAX_SHOWN_PIXELS < pixels <= 1.01 * MAX_SHOWN_PIXELS
    assert jobs == THREADS
    # Kilobytes; the whole photograph takes 850 MB.
    assert peak - before < 250_000


def test_nothing_begins_after_the_end(photograph: np.ndarray) -> None:
    trials = Trials(JobQueue())
    trials.close()
    trial = Trial("photo.png", target_size=12_500, begun=0)
    run(trial, save_png(photograph), JobQueue(), closed=lambda: True)
    assert trial.finished
    assert not trial.baselines


def test_a_trial_is_refused_when_too_many_wait(photograph: np.ndarray) -> None:
    trials, data = Trials(JobQueue()), save_png(photograph)

    def send_many() -> None:
        for _ in range(1000):
            trials.start(data, "photo.png", 12_500)

    with pytest.raises(Busy, match="try again"):
        send_many()
    trials.close()
