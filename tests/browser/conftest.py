"""A server that shows the sample photographs, and browsers to look at it with."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, expect

from raisr.codecs.jpeg import save_jpeg
from raisr.images.reading import read_photo
from raisr.search.search import search
from raisr.search.settings import Settings
from raisr_decoder.metadata import Metadata, pack
from raisr_web import runtime
from raisr_web.export import export

LARGE = (4000, 6000)
"""Rows and columns of a picture of 24 megapixels."""

PATIENCE = 300_000
"""Milliseconds until a browser that does not do what a test waits for has failed it."""

CHECKOUT = Path(__file__).parents[2]
PROGRAMS = {"chromium": "chromium", "firefox": "firefox-esr"}
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any], browser_name: str
) -> dict[str, Any]:
    """The browsers that the system has, not ones that Playwright would download."""
    program = shutil.which(PROGRAMS[browser_name])
    if program is None:
        pytest.fail(f"{PROGRAMS[browser_name]} is missing: run `make setup`")
    special: dict[str, Any] = {
        "chromium": {"args": QUIET},
        "firefox": {"channel": "moz-firefox"},
    }[browser_name]
    return {**browser_type_launch_args, "executable_path": program, **special}


@pytest.fixture
def new_context(new_context: Callable[..., BrowserContext]) -> Callable[..., BrowserContext]:
    """Patient: on a busy machine encoding, starting Python and restoring take their time."""

    def patient(**options: Any) -> BrowserContext:
        context = new_context(**options)
        context.set_default_timeout(PATIENCE)
        return context

    expect.set_options(timeout=PATIENCE)
    return patient


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample photographs, and payloads that something is wrong with."""
    folder = tmp_path_factory.mktemp("photos")
    for photo in (CHECKOUT / "samples").glob("*.jpg"):
        shutil.copy(photo, folder)
    base = save_jpeg(read_photo(folder / "two-dogs.jpg")[::4, ::4], 50)
    rows, columns, _ = read_photo(folder / "two-dogs.jpg")[::2, ::2].shape
    payload = pack(base, Metadata(columns, rows, "0" * 31 + "1"))
    (folder / "x-unknown-bank.jpg").write_bytes(payload)
    damaged = payload.replace(bytes.fromhex("0" * 31 + "1"), bytes.fromhex("0" * 31 + "2"))
    (folder / "x-damaged-metadata.jpg").write_bytes(damaged)
    rows, columns = LARGE
    large = np.resize(read_photo(folder / "two-dogs.jpg"), (rows, columns, 3))
    settings = Settings("jpeg", Fraction(2), quality=30)
    (folder / "x-large.jpg").write_bytes(search(large, settings).payload)
    return folder


@pytest.fixture(scope="session")
def python_runtime() -> Path:
    """The folder that `raisr runtime` fills, as the sources are now."""
    runtime.assemble(CHECKOUT)
    return runtime.FOLDER


@pytest.fixture(scope="session")
def server(
    samples: Path, python_runtime: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of `raisr serve`."""
    assert python_runtime.is_dir()
    cache = tmp_path_factory.mktemp("cache")
    raisr = Path(sys.executable).with_name("raisr")
    command = [raisr, "serve", samples, "--port", "0", "--cache", cache]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        words = process.stdout.readline().split()
        yield next(word for word in words if word.startswith("http://")).rstrip("/")
        process.terminate()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, python_runtime: Path) -> Path:
    """An exported site of two pictures, one of them shown ten times."""
    photos, site = tmp_path_factory.mktemp("photos"), tmp_path_factory.mktemp("site")
    for name in ("two-dogs.jpg", "dandelions.jpg"):
        shutil.copy(CHECKOUT / "samples" / name, photos)
    export(photos, site, tmp_path_factory.mktemp("cache"), python_runtime, lambda *_: None)
    picture = '<raisr-img src="photos/two-dogs.jpg" width="100" height="150"></raisr-img>'
    script = '<script type="module" src="raisr/{}"></script>'
    (site / "ten.html").write_text(script.format("raisr-img.js") + 10 * picture)
    (site / "blank.html").write_text("<!doctype html><body></body>")
    (site / "one.html").write_text(script.format("raisr-img.js") + picture)
    (site / "offline.html").write_text(script.format("offline.js") + picture)
    return site
