"""How the page behaves: as it loads, without JavaScript, and when something is missing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route

from raisr.images.reading import read_photo
from raisr.images.writing import save_png
from raisr_web.gallery import EXAMPLES

CHECKOUT = Path(__file__).parents[2]
WIDTH_IN_VIEW = "() => document.documentElement.scrollWidth - innerWidth"
MAX_WAIT_MILLISECONDS = 300_000
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}


def decode_all(page: Page) -> None:
    """Scroll through the samples until each of them shows its full-size pixels."""
    for element in samples_on(page):
        element.scroll_into_view_if_needed()
        element.and_(page.locator("[decoded]")).wait_for()


def samples_on(page: Page) -> list[Locator]:
    return page.locator("raisr-img:not([src*='/x-'])").all()


def complaints_of(page: Page) -> list[str]:
    """Errors and warnings of the page's console, uncaught exceptions, and failed requests.

    Those about images that are meant to be broken do not count.
    """
    found: list[str] = []
    page.on(
        "console",
        lambda message: (
            found.append(message.text)
            if message.type in {"error", "warning"} and "/x-" not in message.location["url"]
            else None
        ),
    )
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("requestfailed", lambda request: found.append(request.url))
    return found


@pytest.fixture
def complaints(page: Page) -> list[str]:
    return complaints_of(page)


@dataclass(frozen=True)
class Visit:
    """A page that several tests look at, and what has happened on it.

    Attributes
    ----------
    page : Page
    size : str
        Of the window, a name in `SIZES`.
    complaints : list of str
    addresses : list of str
        What was asked for.
    """

    page: Page
    size: str
    complaints: list[str]
    addresses: list[str]

    @classmethod
    def of(cls, page: Page, size: str = "desktop") -> Visit:
        """A visit that is about to begin."""
        page.set_default_timeout(MAX_WAIT_MILLISECONDS)
        visit = cls(page, size, complaints_of(page), [])
        visit.resize(size)
        page.on("request", lambda request: visit.addresses.append(request.url))
        return visit

    def resize(self, size: str) -> None:
        width, height = SIZES[size]
        self.page.set_viewport_size({"width": width, "height": height})

    def keep_screenshot(self, name: str) -> None:
        """Where somebody asked for one."""
        if folder := os.environ.get("RAISR_SCREENSHOTS"):
            self.page.evaluate("scrollTo(0, 0)")
            self.page.screenshot(path=Path(folder, f"{name}.png"), full_page=True)


@pytest.fixture(scope="module", params=SIZES)
def gallery(browser: Browser, server: str, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """The gallery, as it is at first."""
    visit = Visit.of(browser.new_page(), request.param)
    visit.page.goto(server)
    yield visit
    visit.page.close()


@pytest.fixture(scope="module")
def picture(browser: Browser, server: str) -> Iterator[Visit]:
    """The page of one image, which is decoded."""
    visit = Visit.of(browser.new_page())
    visit.page.goto(f"{server}/picture/two-dogs.jpg/")
    visit.page.locator("raisr-img[decoded]").wait_for()
    yield visit
    visit.page.close()


def test_the_gallery_decodes_every_sample_in_its_place_without_complaint(gallery: Visit) -> None:
    page = gallery.page
    first = samples_on(page)[0]
    before = first.bounding_box()
    first.and_(page.locator("[decoded]")).wait_for()
    assert first.bounding_box() == before
    decode_all(page)
    assert gallery.complaints == []
    assert "decoded in" in page.locator("figure .status").first.inner_text()


def test_nothing_comes_from_another_origin(gallery: Visit, server: str) -> None:
    decode_all(gallery.page)
    assert any(address.endswith("pyodide.asm.wasm") for address in gallery.addresses)
    assert {address.startswith((server, "data:")) for address in gallery.addresses} == {True}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_gallery_is_as_wide_as_the_window(gallery: Visit, scheme: Any) -> None:
    gallery.page.emulate_media(color_scheme=scheme)
    decode_all(gallery.page)
    assert gallery.page.evaluate(WIDTH_IN_VIEW) <= 0
    assert gallery.complaints == []
    gallery.keep_screenshot(f"gallery-{gallery.size}-{scheme}")


def test_the_gallery_tells_what_python_costs_and_when_that_has_paid(gallery: Visit) -> None:
    assert "a download of 3." in gallery.page.locator("header").inner_text()
    gallery.page.locator(".savings", has_text="KB as plain JPEGs that look as good").wait_for()


def test_the_gallery_asks_a_busy_server_again_what_payloads_save(page: Page, server: str) -> None:
    answers = iter([{"status": 503, "headers": {"Retry-After": "1"}}, {"body": "They save a lot."}])
    page.route("**/savings.txt", lambda route: route.fulfill(**next(answers)))
    page.goto(server)
    page.locator(".savings", has_text="They save a lot.").wait_for()


# Firefox, driven this way, cannot switch JavaScript off.
@pytest.mark.only_browser("chromium")
def test_without_javascript_the_images_that_the_server_decoded_show(
    new_context: Callable[..., BrowserContext], server: str
) -> None:
    large = {"width": 1800, "height": 1200}
    page = new_context(java_script_enabled=False, viewport=large).new_page()
    with page.expect_response("**/decoded/dandelions.jpg") as answer:
        page.goto(server)
    assert answer.value.ok
    box = page.locator("raisr-img > img").first.bounding_box()
    assert box is not None
    assert box["width"] / box["height"] == pytest.approx(1.5, abs=0.01)
    assert page.locator("raisr-img noscript img").first.bounding_box() == box


@pytest.mark.only_browser("chromium")
def test_without_javascript_the_base_image_stays_where_none_is_decoded(
    new_context: Callable[..., BrowserContext], server: str
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.route("**/decoded/**", lambda route: route.fulfill(status=503))
    page.goto(server)
    # One colour, or a text in place of the image, would compress to next to nothing.
    assert len(page.locator("raisr-img").first.screenshot()) > 50_000


def test_axe_finds_nothing_on_any_page(waiting_page: Page, server: str) -> None:
    axe = (CHECKOUT / "node_modules/axe-core/axe.min.js").read_text()
    examples = [f"/examples/{name}/" for name in EXAMPLES]
    for path in ("/", "/picture/two-dogs.jpg/", "/try", "/nowhere", "/examples/", *examples):
        waiting_page.goto(f"{server}{path}")
        # As a string, so that the page's policy has no say in it.
        violations = waiting_page.evaluate(
            f"{axe}; axe.run().then(({{ violations }}) => violations)"
        )
        assert [(violation["id"], path) for violation in violations] == []


@pytest.mark.parametrize("size", SIZES)
def test_an_image_can_be_compared_by_keyboard(picture: Visit, size: str) -> None:
    page = picture.page
    picture.resize(size)
    slider = page.get_by_role("slider")
    before = int(slider.get_attribute("aria-valuenow") or 0)
    slider.focus()
    page.keyboard.press("ArrowRight", delay=300)
    assert int(slider.get_attribute("aria-valuenow") or 0) > before >= 50
    assert "in your browser" in page.locator(".origin").inner_text()
    assert page.evaluate(WIDTH_IN_VIEW) <= 0
    assert picture.complaints == []
    picture.keep_screenshot(f"picture-{size}")


@pytest.mark.only_browser("chromium")
def test_what_is_decoded_can_be_printed(picture: Visit) -> None:
    picture.resize("desktop")
    # Without its images the page takes a tenth of that.
    assert len(picture.page.pdf()) > 200_000


def test_without_webassembly_the_server_decodes(page: Page, server: str) -> None:
    page.route("**/pyodide.asm.wasm", lambda route: route.fulfill(status=404))
    page.goto(f"{server}/picture/two-dogs.jpg/")
    page.locator(".origin", has_text="by the server").wait_for()
    address = page.evaluate("""async () => {
      const { image } = document.querySelector("raisr-img");
      if (image.currentSrc.includes("/photos/")) {
        await new Promise((resolve) => image.addEventListener("load", resolve));
      }
      return image.currentSrc;
    }""")
    assert address.endswith("/decoded/two-dogs.jpg")


def test_a_server_that_does_not_know_webassembly_will_do(page: Page, server: str) -> None:
    def mistype(route: Route) -> None:
        route.fulfill(body=route.fetch().body(), content_type="text/plain")

    page.route("**/pyodide.asm.wasm", mistype)
    page.goto(f"{server}/picture/two-dogs.jpg/")
    page.locator("raisr-img[decoded]").wait_for()


@pytest.fixture
def small_photo(samples: Path, tmp_path: Path) -> Path:
    small = tmp_path / "small.png"
    small.write_bytes(save_png(read_photo(samples / "two-dogs.jpg")[500:660, 200:320]))
    return small


def test_a_photograph_can_be_tried(
    page: Page, server: str, complaints: list[str], small_photo: Path
) -> None:
    page.goto(f"{server}/try")
    page.locator("input[type=file]").set_input_files(small_photo)
    page.get_by_role("button", name="Encode").click()
    page.locator("raisr-img[decoded]").first.wait_for()
    assert page.locator("figure.photo").count() == 4
    assert complaints == []
    if folder := os.environ.get("RAISR_SCREENSHOTS"):
        page.screenshot(path=Path(folder, "trial.png"), full_page=True)
