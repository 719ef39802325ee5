"""Waitress's connections, for clients that send more than is taken, and see a page about it."""

import socket
import time
from collections.abc import Callable
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.utilities import RequestEntityTooLarge

REFUSED_SECONDS = 30.0
"""How long a client may go on to send a body that was refused."""


class Parser(HTTPRequestParser):  # type: ignore[misc]  # Waitress has no types.
    """A request; the application gets one whose body is too large without it, and refuses it.

    Parameters
    ----------
    adjustments
        Waitress's settings.
    on_refusal : callable
        Is called when the body turns out to be too large.
    """

    error: Any
    body_rcv: Any

    def __init__(self, adjustments: Any, on_refusal: Callable[[], None]) -> None:
        super().__init__(adjustments)
        self._on_refusal = on_refusal

    def received(self, data: bytes) -> int:
        """Take a piece of the request; returns how many of its bytes belong to it."""
        consumed: int = super().received(data)
        if not isinstance(self.error, RequestEntityTooLarge):
            return consumed
        self.close()
        self.error = self.body_rcv = None
        self.headers["CONTENT_LENGTH"] = str(
            max(self.content_length, self.adj.max_request_body_size)
        )
        self.headers["CONNECTION"] = "close"
        self._on_refusal()
        # What follows is the body, and no request.
        return len(data)


class Channel(HTTPChannel):  # type: ignore[misc]  # Waitress has no types.
    """A connection. After a body that is too large it is not closed before the client has seen why.

    Browsers read no answer while they send: Firefox sees a connection that is closed meanwhile as
    reset, and shows no page.
    """

    _refused_until: float | None = None
    _sent_all = False

    def parser_class(self, adjustments: Any) -> Parser:
        """A parser for the next request."""
        return Parser(adjustments, self._refuse)

    def _refuse(self) -> None:
        self._refused_until = time.monotonic() + REFUSED_SECONDS

    def received(self, data: bytes) -> bool:
        """Take bytes of a request, or throw those of a refused body away."""
        if self._refused_until is None:
            return bool(super().received(data))
        if time.monotonic() > self._refused_until:
            self.handle_close()
        return False

    def readable(self) -> bool:
        """Whether to read: after a refusal always, so that the client can go on."""
        return self._refused_until is not None or bool(super().readable())

    def write_soon(self, data: Any) -> int:
        """Write a piece of the response; however long it took, the connection is not silent."""
        self.last_activity = time.time()
        written: int = super().write_soon(data)
        return written

    def handle_close(self) -> None:
        """Close the connection; after a refusal first say that all is said, and keep reading."""
        if self._refused_until is not None and not self._sent_all:
            self._sent_all = True
            self.will_close = False
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # It is closed on the other side.
            else:
                return
        super().handle_close()
