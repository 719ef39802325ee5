"""The application behind Waitress, which ends with grace: what has begun is finished."""

import logging
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import waitress
from flask import Flask
from waitress import wasyncore

THREADS = 32
"""More than may wait for heavy work, so that small files are always sent."""
CONNECTIONS = 500
LOOK_SECONDS = 0.5
"""How often the server looks whether it shall stop."""
GRACE_SECONDS = 30.0
"""What requests may take that have begun when it shall."""


def serve(
    app: Flask, listener: socket.socket, stopped: Callable[[], bool], grace: float = GRACE_SECONDS
) -> None:
    """Answer requests until `stopped`; then accept no more, and finish those that have begun."""
    # That requests wait for a moment is nothing to tell.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    connections: dict[int, Any] = {}
    server = waitress.create_server(
        app,
        map=connections,
        sockets=[listener],
        threads=THREADS,
        connection_limit=CONNECTIONS,
        # Otherwise a gigabyte of a body is kept before the application can refuse it.
        max_request_body_size=app.config["MAX_CONTENT_LENGTH"] + 1,
        ident=None,
    )
    while not stopped():
        wasyncore.loop(LOOK_SECONDS, use_poll=True, map=connections, count=1)
    wasyncore.dispatcher.close(server)
    deadline = time.monotonic() + grace
    while server.active_channels and time.monotonic() < deadline:
        for channel in list(server.active_channels.values()):
            if not (channel.requests or channel.request or channel.total_outbufs_len):
                channel.will_close = True
        wasyncore.loop(LOOK_SECONDS / 10, use_poll=True, map=connections, count=1)
    server.task_dispatcher.shutdown()
    wasyncore.close_all(connections)


@contextmanager
def stop_signals() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or SIGTERM has asked the process to stop; a second one ends it at once."""
    asked = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def ask(_number: int, _frame: FrameType | None) -> None:
        asked.set()
        restore()

    for number in before:
        signal.signal(number, ask)
    try:
        yield asked.is_set
    finally:
        restore()
