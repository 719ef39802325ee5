import functools
import hashlib
import http.server
import json
import socket
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyodide_lock import PyodideLockSpec

from raisr_web import runtime
from raisr_web.errors import PieceMissing, WheelUnavailable

CHECKOUT = Path(__file__).parents[2]
NUMPY = PyodideLockSpec.from_json(CHECKOUT / "node_modules/pyodide/pyodide-lock.json").packages[
    "numpy"
]
# pip says that there is no such file, without asking the package index.
NO_CARRIER = "./absent-1-py3-none-any.whl"
METADATA = "Metadata-Version: 2.1\nName: carrier\nVersion: 1\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that shares this one's packages and sources, but not its cache."""
    for name in ("node_modules", "wasm_decoder"):
        (tmp_path / name).symlink_to(CHECKOUT / name)
    return tmp_path


@pytest.fixture
def wheels() -> Path:
    """A folder that has NumPy's wheel: set-up has put it there."""
    return CHECKOUT / ".cache"


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


def test_the_folder_is_complete_and_its_lock_names_what_is_in_it(
    checkout: Path, wheels: Path
) -> None:
    folder = checkout / "runtime"
    runtime.assemble(checkout, folder, wheels)
    packages = json.loads((folder / "pyodide-lock.json").read_text())["packages"]
    assert set(packages) == {"numpy", "raisr-decoder"}
    for package in packages.values():
        content = (folder / package["file_name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == package["sha256"]
    assert packages["raisr-decoder"]["depends"] == ["numpy"]
    assert {path.name for path in folder.iterdir()} == {
        "comlink.mjs",
        "pyodide-lock.json",
        "pyodide.asm.js",
        "pyodide.asm.wasm",
        "pyodide.mjs",
        "python_stdlib.zip",
        *(package["file_name"] for package in packages.values()),
    }


def test_the_wheel_holds_the_modules_and_no_banks(tmp_path: Path) -> None:
    wheel = runtime.build_wheel(CHECKOUT / "wasm_decoder", tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("raisr_decoder/")}
    package = CHECKOUT / "wasm_decoder" / "raisr_decoder"
    expected = {f"raisr_decoder/{path.name}" for path in package.glob("*.py")}
    assert packed == expected | {"raisr_decoder/py.typed"}


def test_the_wheel_is_built_anew_only_when_its_sources_change(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "raisr_decoder").mkdir(parents=True)
    source = project / "raisr_decoder" / "__init__.py"
    source.write_text("")
    (project / "pyproject.toml").write_bytes(
        (CHECKOUT / "wasm_decoder" / "pyproject.toml").read_bytes()
    )
    cache = tmp_path / "cache"
    first = runtime.build_wheel(project, cache)
    built = first.stat().st_mtime_ns
    assert runtime.build_wheel(project, cache) == first
    assert first.stat().st_mtime_ns == built
    source.write_text("changed = True\n")
    assert runtime.build_wheel(project, cache) != first


def test_a_missing_piece_is_named(tmp_path: Path) -> None:
    with pytest.raises(PieceMissing, match="make setup") as raised:
        runtime.assemble(tmp_path, tmp_path / "runtime")
    assert raised.value.path == tmp_path / "node_modules/pyodide/pyodide-lock.json"


def test_a_wheel_is_taken_from_the_first_source_that_has_it(
    checkout: Path, server: str, wheels: Path
) -> None:
    content = (wheels / NUMPY.file_name).read_bytes()
    (checkout / "served" / NUMPY.file_name).write_bytes(content)
    runtime.assemble(checkout, checkout / "runtime", cdn=server, carrier=NO_CARRIER)
    assert (checkout / "runtime" / NUMPY.file_name).read_bytes() == content
    assert (checkout / ".cache" / NUMPY.file_name).read_bytes() == content


def test_a_wheel_is_taken_out_of_the_package_that_carries_it(
    checkout: Path, closed: str, wheels: Path
) -> None:
    carrier = checkout / "carrier-1-py3-none-any.whl"
    with zipfile.ZipFile(carrier, "w") as archive:
        archive.write(wheels / NUMPY.file_name, runtime.CARRIED + NUMPY.file_name)
        archive.writestr("carrier-1.dist-info/METADATA", METADATA)
        archive.writestr("carrier-1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
    runtime.assemble(checkout, checkout / "runtime", cdn=closed, carrier=str(carrier))
    assert sha256((checkout / "runtime" / NUMPY.file_name).read_bytes()) == NUMPY.sha256


def test_a_wheel_with_other_content_is_refused(checkout: Path, server: str) -> None:
    (checkout / "served" / NUMPY.file_name).write_bytes(b"something else")
    with pytest.raises(WheelUnavailable) as raised:
        runtime.assemble(checkout, checkout / "runtime", cdn=server, carrier=NO_CARRIER)
    problems = {attempt.source: attempt.problem for attempt in raised.value.attempts}
    assert problems[server] == f"refused, its SHA-256 is {sha256(b'something else')}"
    assert not (checkout / ".cache" / NUMPY.file_name).exists()


def test_each_source_that_cannot_be_reached_is_named(checkout: Path, closed: str) -> None:
    empty = checkout / "empty"
    empty.mkdir()
    with pytest.raises(WheelUnavailable) as raised:
        runtime.assemble(checkout, checkout / "runtime", empty, closed, NO_CARRIER)
    error = raised.value
    assert [attempt.source for attempt in error.attempts] == [
        str(empty),
        closed,
        f"{NO_CARRIER} from the package index",
    ]
    assert "refused" in error.attempts[1].problem
    assert "RAISR_WHEELS" in str(error)
    assert error.sha256 == NUMPY.sha256


def test_a_stalled_source_is_given_up(monkeypatch: pytest.MonkeyPatch, checkout: Path) -> None:
    monkeypatch.setattr(runtime, "STALL_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(WheelUnavailable) as raised:
            runtime.assemble(checkout, checkout / "runtime", cdn=address, carrier=NO_CARRIER)
    assert "timed out" in raised.value.attempts[0].problem


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
