import threading
import time

import pytest

from raisr_web.errors import Busy
from raisr_web.job_queue import RETRY_SECONDS, JobQueue


def test_one_job_runs_at_a_time() -> None:
    jobs, running, counts = JobQueue(), [], []

    def job() -> None:
        with jobs.slot():
            running.append(1)
            counts.append(len(running))
            running.pop()

    threads = [threading.Thread(target=job) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [1] * 20


def test_jobs_run_in_the_order_in_which_they_came() -> None:
    jobs, order = JobQueue(), []

    def job(number: int) -> None:
        with jobs.slot() if number % 2 else jobs.background_slot():
            order.append(number)

    threads = [threading.Thread(target=job, args=[number]) for number in range(6)]
    with jobs.slot():
        for thread in threads:
            thread.start()
            time.sleep(0.02)
    for thread in threads:
        thread.join()
    assert order == list(range(6))


def test_a_request_is_refused_when_too_many_wait() -> None:
    jobs = JobQueue(max_jobs=1)
    with jobs.slot(), pytest.raises(Busy, match="try again") as raised, jobs.slot():
        pass
    assert raised.value.seconds == RETRY_SECONDS
    with jobs.slot():
        pass


def test_a_request_is_refused_when_it_has_waited_too_long() -> None:
    jobs = JobQueue(max_jobs=2, max_wait_seconds=0.01)
    with jobs.slot(), pytest.raises(Busy), jobs.slot():
        pass
    with jobs.slot():
        pass


def test_a_background_job_is_never_refused() -> None:
    jobs, done = JobQueue(max_jobs=1, max_wait_seconds=0.01), threading.Event()

    def job() -> None:
        with jobs.background_slot():
            done.set()

    thread = threading.Thread(target=job)
    with jobs.slot():
        thread.start()
        time.sleep(0.1)
        assert not done.is_set()
    thread.join()
    assert done.is_set()


def test_a_job_that_fails_lets_others_run() -> None:
    jobs = JobQueue(max_jobs=1)
    with pytest.raises(ZeroDivisionError), jobs.slot():
        raise ZeroDivisionError
    with jobs.slot():
        pass
