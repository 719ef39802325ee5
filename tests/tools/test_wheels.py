import functools
import hashlib
import http.server
import socket
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyodide_lock import PyodideLockSpec

from tools import wheels
from tools.errors import WheelUnavailable
from tools.wheels import build_wheel, fetch_wheel, sources

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[2]
NUMPY = PyodideLockSpec.from_json(CHECKOUT / "node_modules/pyodide/pyodide-lock.json").packages[
    "numpy"
]
# Set-up has put NumPy's wheel there.
KEPT = CHECKOUT / ".cache" / NUMPY.file_name
# pip says that there is no such file, without asking the package index.
NO_MIRROR = "./absent-1-py3-none-any.whl"
METADATA = "Metadata-Version: 2.1\nName: mirror\nVersion: 1\n"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server for the folder tmp_path/served."""
    (tmp_path / "served").mkdir()
    handler = functools.partial(Quiet, directory=tmp_path / "served")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def closed() -> str:
    """An address where nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}/"


def test_the_wheel_holds_the_modules_and_no_banks(tmp_path: Path) -> None:
    wheel = build_wheel(CHECKOUT / "wasm_decoder", tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("raisr_decoder/")}
    package = CHECKOUT / "wasm_decoder" / "raisr_decoder"
    names = [*(path.name for path in package.glob("*.py")), "py.typed"]
    expected = {f"raisr_decoder/{name}" for name in (*names, "kernel.wasm", "kernel.json")}
    assert packed == expected


def test_the_wheel_is_built_anew_only_when_its_sources_change(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "raisr_decoder").mkdir(parents=True)
    source = project / "raisr_decoder" / "__init__.py"
    source.write_text("")
    (project / "pyproject.toml").write_bytes(
        (CHECKOUT / "wasm_decoder" / "pyproject.toml").read_bytes()
    )
    cache = tmp_path / "cache"
    first = build_wheel(project, cache)
    built = first.stat().st_mtime_ns
    assert build_wheel(project, cache) == first
    assert first.stat().st_mtime_ns == built
    source.write_text("changed = True\n")
    assert build_wheel(project, cache) != first


def test_a_wheel_is_taken_from_the_first_source_that_has_it(
    tmp_path: Path, server: str, cache: Path
) -> None:
    (tmp_path / "served" / NUMPY.file_name).write_bytes(KEPT.read_bytes())
    wheel = fetch_wheel(NUMPY, cache, sources(NUMPY.file_name, None, server, NO_MIRROR))
    assert wheel == cache / NUMPY.file_name
    assert wheel.read_bytes() == KEPT.read_bytes()


def test_a_folder_that_is_named_comes_before_any_download(cache: Path, closed: str) -> None:
    named = sources(NUMPY.file_name, KEPT.parent, closed, NO_MIRROR)
    assert fetch_wheel(NUMPY, cache, named).read_bytes() == KEPT.read_bytes()


def test_a_wheel_is_taken_out_of_a_mirror(tmp_path: Path, closed: str, cache: Path) -> None:
    mirror = tmp_path / "mirror-1-py3-none-any.whl"
    with zipfile.ZipFile(mirror, "w") as archive:
        archive.write(KEPT, wheels.MIRROR_FOLDER + NUMPY.file_name)
        archive.writestr("mirror-1.dist-info/METADATA", METADATA)
        archive.writestr("mirror-1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
    wheel = fetch_wheel(NUMPY, cache, sources(NUMPY.file_name, None, closed, str(mirror)))
    assert sha256(wheel.read_bytes()) == NUMPY.sha256


def test_a_wheel_with_other_content_is_refused(tmp_path: Path, server: str, cache: Path) -> None:
    (tmp_path / "served" / NUMPY.file_name).write_bytes(b"something else")
    with pytest.raises(WheelUnavailable) as raised:
        fetch_wheel(NUMPY, cache, sources(NUMPY.file_name, None, server, NO_MIRROR))
    problems = {attempt.source: attempt.problem for attempt in raised.value.attempts}
    assert problems[server] == f"refused, its SHA-256 is {sha256(b'something else')}"
    assert not cache.exists()


def test_each_source_that_cannot_be_reached_is_named(
    tmp_path: Path, closed: str, cache: Path
) -> None:
    with pytest.raises(WheelUnavailable) as raised:
        fetch_wheel(NUMPY, cache, sources(NUMPY.file_name, tmp_path, closed, NO_MIRROR))
    error = raised.value
    assert [attempt.source for attempt in error.attempts] == [
        str(tmp_path),
        closed,
        f"{NO_MIRROR} from the package index",
    ]
    assert "refused" in error.attempts[1].problem
    assert "RAISR_WHEELS" in str(error)
    assert error.sha256 == NUMPY.sha256


def test_a_stalled_source_is_given_up(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setattr(wheels, "STALL_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(WheelUnavailable) as raised:
            fetch_wheel(NUMPY, cache, sources(NUMPY.file_name, None, address, NO_MIRROR))
    assert "timed out" in raised.value.attempts[0].problem


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
