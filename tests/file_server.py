"""A server that knows nothing but files, and what can go wrong on the way to a browser."""

from __future__ import annotations

import functools
import http.server
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HALF = "half"
"""A fault: the connection ends in the middle of the file."""
WRONG = "wrong"
"""A fault: one byte is another one."""
GONE = "gone"
"""A fault: no such file."""
LATE = "late"
"""A fault: no answer before the test lets the server go on."""


class FileServer(http.server.ThreadingHTTPServer):
    """Serves a folder.

    Attributes
    ----------
    faults : Counter of (str, str)
        How often the fault of that name will happen yet to files of that name; less than 0: always.
    sent : Counter of str
        How often files were asked for, by name.
    go_on : threading.Event
        What late answers wait for.
    """

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        self.faults: Counter[tuple[str, str]] = Counter()
        self.sent: Counter[str] = Counter()
        self.go_on = threading.Event()
        super().__init__(("127.0.0.1", 0), functools.partial(_Handler, directory=folder))
        self.address = f"http://127.0.0.1:{self.server_port}"

    def reset(self) -> None:
        """Forget what happened, and what was to happen."""
        self.faults.clear()
        self.sent.clear()
        self.go_on.clear()

    def handle_error(self, *_: object) -> None:
        """Say nothing: browsers give up connections."""


class _Handler(http.server.SimpleHTTPRequestHandler):
    server: FileServer

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        file = Path(self.translate_path(self.path))
        self.server.sent[file.name] += 1
        fault = self._fault(file.name)
        if fault == LATE:
            self.server.go_on.wait()
        if fault in {None, LATE}:
            super().do_GET()
        elif fault == GONE:
            self.send_error(404)
        else:
            self._send(file, *FAULTY[fault](file.read_bytes()))

    def _fault(self, name: str) -> str | None:
        faults = self.server.faults
        for fault in (HALF, WRONG, GONE, LATE):
            if faults[name, fault]:
                faults[name, fault] -= 1
                return fault
        return None

    def _send(self, file: Path, content: bytes, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(file))
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content)


FAULTY: dict[str, Callable[[bytes], tuple[bytes, int]]] = {
    HALF: lambda content: (content[: len(content) // 2], len(content)),
    WRONG: lambda content: (content[:-1] + bytes([content[-1] ^ 1]), len(content)),
}


@contextmanager
def serving(folder: Path) -> Iterator[FileServer]:
    """A server of that folder."""
    with FileServer(folder) as server:
        # The seconds between looks at whether it shall shut down.
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        yield server
        server.shutdown()
