"""An exported site, on a server that knows nothing but files."""

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from raisr_web.export import export
from raisr_web.gallery import EXAMPLES
from support import SAMPLES


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, python_runtime: Path) -> Path:
    """A site of two pictures, one of them shown ten times."""
    photos, site = tmp_path_factory.mktemp("photos"), tmp_path_factory.mktemp("site")
    for name in ("two-dogs.jpg", "dandelions.jpg"):
        shutil.copy(SAMPLES / name, photos)
    export(photos, site, tmp_path_factory.mktemp("cache"), python_runtime, lambda *_: None)
    picture = '<raisr-img src="photos/two-dogs.jpg" width="100" height="150"></raisr-img>'
    script = '<script type="module" src="raisr/{}"></script>'
    (site / "ten.html").write_text(script.format("raisr-img.js") + 10 * picture)
    (site / "offline.html").write_text(script.format("offline.js") + picture)
    return site


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    handler = functools.partial(Quiet, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_gallery_restores_every_picture(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/")
    for picture in page.locator("raisr-img").all():
        picture.scroll_into_view_if_needed()
        picture.and_(page.locator("[restored]")).wait_for()
    page.locator("figcaption a").first.click()
    page.locator("raisr-img[restored]").wait_for()
    page.close()


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_restores_its_picture(browser: Browser, address: str, example: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/")
    page.get_by_role("link", name="Examples").click()
    page.get_by_role("link", name=EXAMPLES[example]).click()
    page.locator("raisr-img[restored]").wait_for()
    page.close()


def test_ten_pictures_share_one_worker(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/ten.html")
    page.wait_for_function("document.querySelectorAll('raisr-img[restored]').length === 10")
    assert len(page.workers) == 1
    page.close()


# Firefox, driven this way, cannot be cut off from the network.
@pytest.mark.only_browser("chromium")
def test_pages_that_opt_in_work_without_a_network_after_the_first_visit(
    browser: Browser, address: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/offline.html")
    page.locator("raisr-img[restored]").wait_for()
    context.set_offline(True)
    page.goto(f"{address}/offline.html")
    page.locator("raisr-img[restored]").wait_for()
    context.close()
