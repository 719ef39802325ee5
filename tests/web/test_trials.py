import numpy as np
import pytest

from raisr.images.writing import save_png
from raisr_web.errors import Busy, TrialMissing
from raisr_web.job_queue import JobQueue
from raisr_web.trials import KEPT_SECONDS, Trial, Trials, at_most, run


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
