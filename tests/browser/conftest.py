"""A server that shows the sample photographs, and browsers to look at it with."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from raisr.codecs.jpeg import save_jpeg
from raisr.images.reading import read_photo
from raisr.images.writing import save_png
from raisr_decoder.metadata import Metadata, pack
from raisr_web.export import export
from raisr_web.runtime import FOLDER
from support import SAMPLES, VECTORS
from tools import runtime

MAX_WAIT_MILLISECONDS = 300_000
"""For a browser to do what a test waits for."""

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
    """Contexts with long timeouts: a busy machine takes long to encode, start Python and decode."""

    def create(**options: Any) -> BrowserContext:
        context = new_context(**options)
        context.set_default_timeout(MAX_WAIT_MILLISECONDS)
        return context

    expect.set_options(timeout=MAX_WAIT_MILLISECONDS)
    return create


@pytest.fixture(scope="module")
def shared_page(browser: Browser) -> Iterator[Page]:
    """A page for all tests of a file: starting Python takes longer than most of them do."""
    page = browser.new_page()
    page.set_default_timeout(MAX_WAIT_MILLISECONDS)
    yield page
    page.close()


@pytest.fixture
def waiting_page(page: Page) -> Page:
    """A page whose images wait for Python for ever: what is tested takes no decoding."""
    never = "await new Promise(() => {});"
    page.route(
        "**/pyodide.mjs", lambda route: route.fulfill(body=never, content_type="text/javascript")
    )
    return page


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """What servers and exports keep, for all processes that run tests at the same time."""
    own = tmp_path_factory.getbasetemp()
    return (own if worker_id == "master" else own.parent) / "cache"


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample photographs, and payloads that something is wrong with.

    All photographs but one have half their size: the server measures what payloads of them save.
    """
    folder = tmp_path_factory.mktemp("photos")
    for photo in SAMPLES.glob("*.jpg"):
        with Image.open(photo) as image:
            image.reduce(2).save(folder / photo.name, quality=90)
    shutil.copy(SAMPLES / "two-dogs.jpg", folder)
    base = save_jpeg(read_photo(folder / "two-dogs.jpg")[::4, ::4], 50)
    rows, columns, _ = read_photo(folder / "two-dogs.jpg")[::2, ::2].shape
    payload = pack(base, Metadata(columns, rows, 50, "0" * 31 + "1"))
    (folder / "x-unknown-bank.jpg").write_bytes(payload)
    damaged = payload.replace(bytes.fromhex("0" * 31 + "1"), bytes.fromhex("0" * 31 + "2"))
    (folder / "x-damaged-metadata.jpg").write_bytes(damaged)
    return folder


@pytest.fixture(scope="session")
def python_runtime() -> Path:
    """The folder that `python -m tools.runtime` fills, as the sources are now."""
    runtime.assemble(CHECKOUT)
    return FOLDER


@pytest.fixture(scope="session")
def server(samples: Path, python_runtime: Path, cache: Path) -> Iterator[str]:
    """The address of `raisr serve`."""
    assert python_runtime.is_dir()
    raisr = Path(sys.executable).with_name("raisr")
    command = [raisr, "serve", samples, "--port", "0", "--cache", cache]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        words = process.stdout.readline().split()
        yield next(word for word in words if word.startswith("http://")).rstrip("/")
        process.terminate()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, python_runtime: Path, cache: Path) -> Path:
    """An exported site of two images, and pages that show one of them once or ten times.

    Beside it are the conformance vectors, with their banks.
    """
    photos, site = tmp_path_factory.mktemp("photos"), tmp_path_factory.mktemp("site")
    for name in ("two-dogs", "dandelions"):
        # Smaller than they are, to be exported sooner.
        (photos / f"{name}.png").write_bytes(
            save_png(read_photo(SAMPLES / f"{name}.jpg")[::3, ::3])
        )
    export(photos, site, cache, python_runtime, lambda *_: None)
    shutil.copytree(VECTORS, site / "vectors")
    shutil.copytree(VECTORS / "banks", site / "raisr/banks", dirs_exist_ok=True)
    element = '<raisr-img src="photos/two-dogs.jpg" width="100" height="150"></raisr-img>'
    script = '<script type="module" src="raisr/{}"></script>'
    (site / "ten.html").write_text(script.format("raisr-img.js") + 10 * element)
    (site / "blank.html").write_text("<!doctype html><body></body>")
    (site / "one.html").write_text(script.format("raisr-img.js") + element)
    (site / "offline.html").write_text(script.format("offline.js") + element)
    return site
