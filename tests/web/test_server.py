import http.client
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest
from flask import Flask, request

from raisr_web import connections, server


class RunningServer:
    """A server in a thread, with an address that answers once an event is set."""

    def __init__(self, **options: int) -> None:
        self.asked, self.answer, self.stop = (threading.Event() for _ in range(3))
        app = Flask(__name__)
        app.config["MAX_CONTENT_LENGTH"] = 1000
        app.add_url_rule("/slow", view_func=self._slow)
        app.add_url_rule("/take", view_func=self._take, methods=["POST"])
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self.thread = threading.Thread(
            target=server.serve, args=(app, listener, self.stop.is_set, 10), kwargs=options
        )
        self.thread.start()

    def close(self) -> None:
        self.answer.set()
        self.stop.set()
        self.thread.join()

    def _take(self) -> str:
        request.get_data()
        return "taken"

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
    running.close()


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


@pytest.mark.parametrize("chunked", [False, True])
def test_a_client_that_sends_too_much_gets_the_answer_when_it_has_sent_all(
    running: RunningServer, chunked: bool
) -> None:
    pieces = [bytes(1_000_000)] * 50
    with running.connection() as client:
        headers = {} if chunked else {"Content-Length": "50000000"}
        # Sends all before it reads, as browsers do.
        client.request("POST", "/take", iter(pieces), headers, encode_chunked=chunked)
        response = client.getresponse()
        assert response.status == 413
        assert b"The data value transmitted exceeds the capacity limit" in response.read()
        assert response.headers["Connection"] == "close"


def test_a_body_that_was_refused_is_not_read_for_ever(
    running: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "REFUSED_SECONDS", 0.3)

    def send_on(client: http.client.HTTPConnection) -> None:
        while True:
            client.send(bytes(1000))

    with running.connection() as client:
        client.putrequest("POST", "/take")
        client.putheader("Content-Length", str(10**12))
        client.endheaders()
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            send_on(client)


def test_connections_that_stall_keep_others_out_for_a_moment_alone() -> None:
    running = RunningServer(max_connections=8, silence=1)
    try:
        with ExitStack() as stack:
            for number in range(12):
                stalled = stack.enter_context(running.connection())
                stalled.putrequest("POST" if number % 2 else "GET", "/take")
                # Half of them stall in the headers, half in the body.
                if number % 2:
                    stalled.putheader("Content-Length", "1000")
                    stalled.endheaders()
                else:
                    stalled.send(b"GET /take HTTP/1.1\r\nHost: ")
            began = time.monotonic()
            with running.connection() as client:
                client.request("POST", "/take", bytes(1000))
                assert client.getresponse().read() == b"taken"
            assert time.monotonic() - began < 20
    finally:
        running.close()


def test_an_answer_that_takes_longer_than_silence_may_last_is_sent() -> None:
    running = RunningServer(silence=1)
    try:
        with running.connection() as client:
            client.request("GET", "/slow")
            assert running.asked.wait(60)
            time.sleep(3)
            running.answer.set()
            assert len(client.getresponse().read()) == 1_000_000
    finally:
        running.close()


def test_a_signal_that_interrupts_another_one_does_not_block() -> None:
    # Whatever lock the handling of a signal takes is interrupted while it is held.
    script = """
import signal, sys
from raisr_web.server import stop_signals

with stop_signals() as stopped:
    signal.signal(signal.SIGINT, signal.getsignal(signal.SIGTERM))
    handler = signal.getsignal(signal.SIGTERM)
    events = []

    def trace(frame, event, _argument):
        if frame.f_code.co_name == "set" and event == "line":
            events.append(frame.f_lineno)
            if len(events) == 2:
                signal.raise_signal(signal.SIGINT)
        return trace

    sys.settrace(trace)
    handler(signal.SIGTERM, None)
    sys.settrace(None)
    assert stopped()
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
