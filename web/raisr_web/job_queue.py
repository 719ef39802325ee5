"""Heavy work of requests: one piece at a time, few that wait, and the rest come again later."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from raisr_web.errors import Busy

MAX_WAITING = 24
PATIENCE_SECONDS = 60.0
RETRY_SECONDS = 5


class Work:
    """A queue for work that uses every core by itself.

    Parameters
    ----------
    most : int
        How many may work or wait; whoever comes then is turned away at once.
    patience : float
        Seconds that one waits.
    """

    def __init__(self, most: int = MAX_WAITING, patience: float = PATIENCE_SECONDS) -> None:
        self._places = threading.BoundedSemaphore(most)
        self._working = threading.Lock()
        self._patience = patience

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until nobody else works.

        Raises
        ------
        Busy
        """
        if not self._places.acquire(blocking=False):
            raise Busy(RETRY_SECONDS)
        try:
            if not self._working.acquire(timeout=self._patience):
                raise Busy(RETRY_SECONDS)
            try:
                yield
            finally:
                self._working.release()
        finally:
            self._places.release()
