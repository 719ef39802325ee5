"""An exported site, on a server that knows nothing but files."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from file_server import serving
from raisr_web.gallery import EXAMPLES


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with serving(site) as server:
        yield server.address


def test_the_gallery_decodes_every_image(page: Page, address: str) -> None:
    page.goto(f"{address}/")
    for element in page.locator("raisr-img").all():
        element.scroll_into_view_if_needed()
        element.and_(page.locator("[decoded]")).wait_for()
    page.locator("figcaption a").first.click()
    page.locator("raisr-img[decoded]").wait_for()
    page.get_by_role("link", name="Examples").click()
    page.wait_for_url(f"{address}/examples/")


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_decodes_its_image(page: Page, address: str, example: str) -> None:
    page.goto(f"{address}/examples/")
    page.get_by_role("link", name=EXAMPLES[example]).click()
    page.locator("raisr-img[decoded]").wait_for()


def test_ten_images_share_one_worker(page: Page, address: str) -> None:
    page.goto(f"{address}/ten.html")
    page.wait_for_function("document.querySelectorAll('raisr-img[decoded]').length === 10")
    assert len(page.workers) == 1


# Firefox, driven this way, cannot be cut off from the network.
@pytest.mark.only_browser("chromium")
def test_pages_that_opt_in_work_without_a_network_after_the_first_visit(
    page: Page, address: str
) -> None:
    page.goto(f"{address}/offline.html")
    page.locator("raisr-img[decoded]").wait_for()
    page.context.set_offline(True)
    page.goto(f"{address}/offline.html")
    page.locator("raisr-img[decoded]").wait_for()
