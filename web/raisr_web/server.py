"""Serve the application by Waitress; when it is stopped, finish the requests that have begun."""

import logging
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import waitress
from flask import Flask
from waitress import wasyncore

from raisr_web.connections import Channel

THREADS = 32
"""More than the requests that may wait in the job queue, so that small files are always sent."""
CONNECTIONS = 500
SILENCE_SECONDS = 10
"""After which a connection is closed on which no request runs; it may keep others out."""
CLEANUP_SECONDS = 1
POLL_SECONDS = 0.5
"""Between two checks whether the server shall stop."""
GRACE_SECONDS = 30.0
"""How long requests may take that have begun when the server shall stop."""


def serve(
    app: Flask,
    listener: socket.socket,
    stopped: Callable[[], bool],
    grace: float = GRACE_SECONDS,
    max_connections: int = CONNECTIONS,
    silence: int = SILENCE_SECONDS,
) -> None:
    """Answer requests until `stopped`; then accept no more, and finish those that have begun.

    Parameters
    ----------
    app : Flask
    listener : socket
    stopped : callable
        Whether the server shall stop.
    grace : float, optional
        Seconds that requests may take that have begun by then.
    max_connections : int, optional
        Further ones wait until others are closed.
    silence : int, optional
        Seconds after which a connection on which nothing happens is closed.
    """
    # It would warn whenever a request waits for a moment.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    connections: dict[int, Any] = {}
    server = waitress.create_server(
        app,
        map=connections,
        sockets=[listener],
        threads=THREADS,
        connection_limit=max_connections,
        channel_timeout=silence,
        cleanup_interval=CLEANUP_SECONDS,
        # Otherwise Waitress stores a body of a gigabyte before the application can refuse it.
        max_request_body_size=app.config["MAX_CONTENT_LENGTH"] + 1,
        ident=None,
    )
    server.channel_class = Channel
    while not stopped():
        wasyncore.loop(POLL_SECONDS, use_poll=True, map=connections, count=1)
    wasyncore.dispatcher.close(server)
    deadline = time.monotonic() + grace
    while server.active_channels and time.monotonic() < deadline:
        for channel in list(server.active_channels.values()):
            if not (channel.requests or channel.request or channel.total_outbufs_len):
                channel.will_close = True
        wasyncore.loop(POLL_SECONDS / 10, use_poll=True, map=connections, count=1)
    server.task_dispatcher.shutdown()
    wasyncore.close_all(connections)


@contextmanager
def stop_signals() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or SIGTERM has asked the process to stop; a second one ends it at once."""
    # No lock: a second signal may interrupt the handling of the first one.
    asked = False
    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def reset() -> None:
        for number, handler in previous.items():
            signal.signal(number, handler)

    def ask(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        reset()

    for number in previous:
        signal.signal(number, ask)
    try:
        yield lambda: asked
    finally:
        reset()
