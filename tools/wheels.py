"""Get the wheels that the page's runtime is made of: NumPy's is fetched, the decoder's is built."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from pyodide_lock import PackageSpec

from raisr.fingerprint import fingerprint
from tools.errors import Attempt, PieceMissing, WheelBuildFailed, WheelUnavailable

CDN = "https://cdn.jsdelivr.net/pyodide/v0.29.0/full/"
# A package on PyPI that carries Pyodide's official wheels, and where it keeps them.
MIRROR = "gbdraw==0.14.2"
MIRROR_FOLDER = "gbdraw/web/vendor/pyodide-wheels/"

STALL_SECONDS = 10
DOWNLOAD_SECONDS = 300
MAX_BYTES = 64 * 2**20

Fetch = Callable[[], bytes]


def fetch_wheel(package: PackageSpec, cache: Path, sources: dict[str, Fetch]) -> Path:
    """Take the wheel of `package` from the cache or from the first source that has its content.

    Raises
    ------
    WheelUnavailable
    """
    cached = cache / package.file_name
    if cached.is_file():
        sources = {str(cached): cached.read_bytes, **sources}
    attempts = []
    for source, fetch in sources.items():
        try:
            content = fetch()
        except (OSError, subprocess.SubprocessError, KeyError, zipfile.BadZipFile) as problem:
            attempts.append(Attempt(source, _in_one_line(problem)))
            continue
        sha256 = hashlib.sha256(content).hexdigest()
        if sha256 == package.sha256:
            cache.mkdir(parents=True, exist_ok=True)
            cached.write_bytes(content)
            return cached
        attempts.append(Attempt(source, f"refused, its SHA-256 is {sha256}"))
    raise WheelUnavailable(package.file_name, package.sha256, tuple(attempts))


def build_wheel(project: Path, cache: Path) -> Path:
    """Build the wheel of a pure Python project, without its banks: a page fetches those by id.

    The wheel is kept by the fingerprint of its sources and built anew only when they change.
    """
    built = cache / f"wheel-{_fingerprint(project)}"
    if not built.exists():
        with tempfile.TemporaryDirectory() as scratch:
            copy, made = Path(scratch, "copy"), Path(scratch, "made")
            for source in _wheel_sources(project):
                target = copy / source.relative_to(project)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
            _build(copy, made)
            keep_folder(made, built)
    (wheel,) = built.glob("*.whl")
    return wheel


def keep_folder(made: Path, kept: Path) -> None:
    """Copy a folder to where it is kept, whole or not at all."""
    partial = kept.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(made, partial)
    partial.rename(kept)


def sources(file_name: str, wheels: Path | None, cdn: str, mirror: str) -> dict[str, Fetch]:
    """Where the wheel may come from, in the order to try."""
    local = {} if wheels is None else {str(wheels): (wheels / file_name).read_bytes}
    return {
        **local,
        cdn: lambda: _download(cdn + file_name),
        f"{mirror} from the package index": lambda: _mirrored(mirror, MIRROR_FOLDER + file_name),
    }


def _download(url: str) -> bytes:
    """Get `url`, or raise OSError when it stalls, drags on or is too large."""
    deadline = time.monotonic() + DOWNLOAD_SECONDS
    content = bytearray()
    with urllib.request.urlopen(url, timeout=STALL_SECONDS) as response:  # noqa: S310
        while chunk := response.read1(2**16):
            content += chunk
            if time.monotonic() > deadline or len(content) > MAX_BYTES:
                raise OSError(f"gave up after {len(content)} bytes")
    return bytes(content)


def _mirrored(mirror: str, member: str) -> bytes:
    """Get one file of a package on the package index, downloaded without its dependencies."""
    with tempfile.TemporaryDirectory() as scratch:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        limits = ["--timeout", str(STALL_SECONDS), "--retries", "1"]
        what = ["--no-deps", "--only-binary", ":all:", "--dest", scratch, mirror]
        subprocess.run(
            [*pip, *limits, *what],
            check=True,
            capture_output=True,
            text=True,
            timeout=DOWNLOAD_SECONDS,
        )
        (package,) = Path(scratch).glob("*.whl")
        with zipfile.ZipFile(package) as archive:
            return archive.read(member)


def _build(project: Path, made: Path) -> None:
    """Run the first builder that works; for pure Python all of them make the same content."""
    builders = [[sys.executable, "-m", "build", "--wheel", "--no-isolation"]]
    if _has_cross_build_environment():
        builders.insert(0, ["pyodide", "build", "--no-isolation"])
    for builder in builders:
        command = [*builder, "--outdir", str(made), str(project)]
        # The oldest time that a zip archive knows, so that equal sources make equal wheels.
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "315532800"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode == 0:
            return
    raise WheelBuildFailed(command, done.stdout + done.stderr)


def _has_cross_build_environment() -> bool:
    if shutil.which("pyodide") is None:
        return False
    return subprocess.run(["pyodide", "xbuildenv", "version"], capture_output=True).returncode == 0


def _wheel_sources(project: Path) -> Iterator[Path]:
    yield present(project / "pyproject.toml")
    for pattern in ("*.py", "py.typed", "kernel.*"):
        for path in sorted(project.rglob(pattern)):
            if "build" not in path.relative_to(project).parts:
                yield path


def _fingerprint(project: Path) -> str:
    parts: list[str | bytes] = []
    for path in _wheel_sources(project):
        parts += [str(path.relative_to(project)), path.read_bytes()]
    return fingerprint(*parts)


def present(path: Path) -> Path:
    """The path of a piece that exists.

    Raises
    ------
    PieceMissing
    """
    if not path.is_file():
        raise PieceMissing(path)
    return path


def _in_one_line(problem: Exception) -> str:
    if isinstance(problem, subprocess.CalledProcessError):
        return str(problem.stderr).strip().splitlines()[-1]
    return " ".join(str(problem).split())
