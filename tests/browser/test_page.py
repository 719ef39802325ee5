"""How the page behaves: as it loads, without JavaScript, and when something is missing."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page

WIDTH_IN_VIEW = "() => document.documentElement.scrollWidth - innerWidth"
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}


def restore_all(page: Page) -> None:
    """Scroll through the samples until each of them shows its full-size pixels."""
    for picture in samples_on(page):
        picture.scroll_into_view_if_needed()
        picture.and_(page.locator("[restored]")).wait_for()


def samples_on(page: Page) -> list[Locator]:
    return page.locator("raisr-img:not([src*='/x-'])").all()


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """Errors and warnings of the page's console, uncaught exceptions, and failed requests."""
    found: list[str] = []
    page.on(
        "console",
        lambda message: (
            found.append(message.text) if message.type in {"error", "warning"} else None
        ),
    )
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("requestfailed", lambda request: found.append(request.url))
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_gallery_restores_every_sample_without_complaint(
    page: Page, server: str, complaints: list[str], size: str, scheme: Any
) -> None:
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme)
    page.goto(server)
    restore_all(page)
    assert complaints == []
    assert page.evaluate(WIDTH_IN_VIEW) <= 0
    assert "restored in" in page.locator("figure .status").first.inner_text()
    if folder := os.environ.get("RAISR_SCREENSHOTS"):
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=Path(folder, f"gallery-{size}-{scheme}.png"), full_page=True)


def test_nothing_comes_from_another_origin(page: Page, server: str) -> None:
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    page.goto(server)
    restore_all(page)
    assert any(address.endswith("pyodide.asm.wasm") for address in addresses)
    assert {address.startswith((server, "data:")) for address in addresses} == {True}


def test_a_restored_picture_stays_where_its_base_picture_was(page: Page, server: str) -> None:
    page.goto(server)
    picture = samples_on(page)[0]
    before = picture.bounding_box()
    picture.and_(page.locator("[restored]")).wait_for()
    assert picture.bounding_box() == before


# Firefox, driven this way, cannot switch JavaScript off.
@pytest.mark.only_browser("chromium")
def test_without_javascript_the_base_picture_shows_in_full_size(
    browser: Browser, server: str
) -> None:
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 1800, "height": 1200}
    )
    page = context.new_page()
    page.goto(server)
    image = page.locator("raisr-img img").first
    box = image.bounding_box()
    assert box is not None
    assert box["width"] / box["height"] == pytest.approx(1.5, abs=0.01)
    assert "takes JavaScript" in page.locator("figure .status").first.inner_text()
    # One colour would compress to next to nothing.
    assert len(image.screenshot()) > 50_000
    context.close()
