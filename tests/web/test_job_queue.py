import threading

import pytest

from raisr_web.errors import Busy
from raisr_web.job_queue import RETRY_SECONDS, Work


def test_one_works_at_a_time() -> None:
    work, at_once, most = Work(), [], []

    def turn() -> None:
        with work.turn():
            at_once.append(1)
            most.append(len(at_once))
            at_once.pop()

    threads = [threading.Thread(target=turn) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 20


def test_whoever_comes_when_all_places_are_taken_is_turned_away() -> None:
    work = Work(most=1)
    with work.turn(), pytest.raises(Busy, match="try again") as raised, work.turn():
        pass
    assert raised.value.seconds == RETRY_SECONDS
    with work.turn():
        pass


def test_whoever_has_waited_too_long_is_turned_away() -> None:
    work = Work(most=2, patience=0.01)
    with work.turn(), pytest.raises(Busy), work.turn():
        pass
    with work.turn():
        pass


def test_a_failure_leaves_the_place_to_others() -> None:
    work = Work(most=1)
    with pytest.raises(ZeroDivisionError), work.turn():
        raise ZeroDivisionError
    with work.turn():
        pass
