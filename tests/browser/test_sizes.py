"""What browsers make of unusual sizes: of images on a page, and of a photograph to try."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

SIZES = {"narrow.png": (3, 2000), "small.png": (40, 30), "large.png": (1500, 1000)}

# Choose a file of 30 MB, which is made in the page: it would take long to get there.
CHOOSE_TOO_LARGE = """(input) => {
  const chosen = new DataTransfer();
  const content = [new Uint8Array(30_000_000)];
  chosen.items.add(new File(content, "photo.jpg", { type: "image/jpeg" }));
  input.files = chosen.files;
  input.dispatchEvent(new Event("change"));
}"""
WIDTHS = (390, 1280)
"""Of the window."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[str]:
    """The address of `raisr serve` with images of those sizes."""
    folder = tmp_path_factory.mktemp("photos")
    for name, size in SIZES.items():
        Image.new("RGB", size, "teal").save(folder / name)
    raisr = Path(sys.executable).with_name("raisr")
    command = [raisr, "serve", folder, "--port", "0", "--cache", cache]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        words = process.stdout.readline().split()
        yield next(word for word in words if word.startswith("http://")).rstrip("/")
        process.terminate()


@pytest.mark.parametrize("path", ["/", *(f"/picture/{name}/" for name in SIZES)])
def test_an_image_is_never_shown_larger_than_it_is(
    waiting_page: Page, address: str, path: str
) -> None:
    for width in WIDTHS:
        # So high that no image waits to be scrolled to.
        waiting_page.set_viewport_size({"width": width, "height": 6000})
        waiting_page.goto(f"{address}{path}")
        assert_fit(waiting_page, width)


def assert_fit(page: Page, width: int) -> None:
    """See that images are no larger than they are, and no wider than the window."""
    # XPath stays outside of shadow roots: the element's own image is not shown beside these.
    images = page.locator("xpath=//raisr-img/img | //img[@slot]")
    assert images.count() > 0
    for image in images.all():
        expect(image).to_have_js_property("complete", True)
        columns, rows = (int(image.get_attribute(side) or 0) for side in ("width", "height"))
        box = image.bounding_box()
        assert box is not None
        assert 0 < box["width"] <= min(columns, width)
        assert 0 < box["height"] <= rows


def test_a_photograph_that_is_too_large_is_not_sent(page: Page, address: str) -> None:
    page.goto(f"{address}/try")
    page.eval_on_selector("input[type=file]", CHOOSE_TOO_LARGE)
    message = page.eval_on_selector("input[type=file]", "input => input.validationMessage")
    assert message == "This file has 30.0 MB; 20 MB is the limit."
    page.get_by_role("button", name="Encode").click()
    expect(page.get_by_role("button", name="Encode")).to_be_enabled()


def test_a_photograph_that_is_too_large_is_answered_with_a_page(page: Page, address: str) -> None:
    page.goto(f"{address}/try")
    # As in a page without scripts.
    page.eval_on_selector("input[type=file]", "input => delete input.dataset.maxBytes")
    page.eval_on_selector("input[type=file]", CHOOSE_TOO_LARGE)
    page.get_by_role("button", name="Encode").click()
    expect(page.get_by_text("a photograph to try may have 20 MB at most")).to_be_visible()
