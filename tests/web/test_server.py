import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from flask import Flask

from raisr_web import server


class RunningServer:
    """A server in a thread, with an address that answers once an event is set."""

    def __init__(self) -> None:
        self.asked, self.answer, self.stop = (threading.Event() for _ in range(3))
        app = Flask(__name__)
        app.config["MAX_CONTENT_LENGTH"] = 1000
        app.add_url_rule("/slow", view_func=self._slow)
        app.add_url_rule("/take", view_func=lambda: "taken", methods=["POST"])
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self.thread = threading.Thread(
            target=server.serve, args=(app, listener, self.stop.is_set, 10)
        )
        self.thread.start()

    def _slow(self) -> bytes:
        self.asked.set()
        assert self.answer.wait(60)
        return bytes(1_000_000)

    @contextmanager
    def connection(self) -> Iterator[http.client.HTTPConnection]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.connect()
            yield connection

    def connect_until_refused(self) -> None:
        while True:
            with self.connection():
                pass


@pytest.fixture
def running() -> Iterator[RunningServer]:
    running = RunningServer()
    yield running
    running.answer.set()
    running.stop.set()
    running.thread.join()


def test_what_has_begun_is_finished_and_nothing_begins_any_more(running: RunningServer) -> None:
    with running.connection() as client, running.connection():
        client.request("GET", "/slow")
        assert running.asked.wait(60)
        running.stop.set()
        with pytest.raises((ConnectionRefusedError, ConnectionResetError)):
            running.connect_until_refused()
        running.answer.set()
        assert len(client.getresponse().read()) == 1_000_000
    running.thread.join(60)
    assert not running.thread.is_alive()


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(running: RunningServer) -> None:
    with running.connection() as client:
        client.putrequest("POST", "/take")
        client.putheader("Content-Length", str(10**9))
        client.endheaders()
        assert client.getresponse().status == 413


def test_a_body_that_is_small_enough_is_taken(running: RunningServer) -> None:
    with running.connection() as client:
        client.request("POST", "/take", bytes(1000))
        assert client.getresponse().read() == b"taken"
