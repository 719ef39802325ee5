"""How <raisr-img> behaves, on a page that has nothing else."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from canvas import assert_shows
from raisr.evaluation.metrics import luma_psnr
from raisr.images.reading import decode_image
from raisr.images.writing import save_png
from raisr.upscaling import upscale
from raisr_decoder.shapes import scaled_shape
from support import random_picture

LARGE = (4000, 6000)
# Put an element on the page; resolve to its first `load` or `error` event.
DECODE = """(address) => new Promise((resolve) => {
  const element = document.createElement("raisr-img");
  element.setAttribute("src", address);
  const done = [];
  element.addEventListener("progress", ({ detail }) => done.push(detail.done));
  for (const type of ["load", "error"]) {
    element.addEventListener(type, (event) => resolve({ type, done, ...event.detail }));
  }
  document.querySelector("main").prepend(element);
})"""
UPSCALE = """(scale) => new Promise((resolve) => {
  const element = document.createElement("raisr-img");
  element.setAttribute("scale", scale);
  element.setAttribute("src", "/plain.png");
  for (const type of ["load", "error"]) {
    element.addEventListener(type, (event) => resolve({ type, ...event.detail }));
  }
  document.querySelector("main").prepend(element);
})"""
# Put an element with an image on the page, one of them styled; resolve when it is decoded.
DECODE_STYLED = """async ([which, style]) => {
  const element = document.createElement("raisr-img");
  const image = document.createElement("img");
  ({ element, image })[which].style = style;
  Object.assign(image, { width: 300, height: 450, src: "/photos/two-dogs.jpg" });
  element.append(image);
  const decoded = new Promise((resolve) => element.addEventListener("load", resolve));
  document.querySelector("main").prepend(element);
  await decoded;
}"""
SHOW_THE_BASE_IMAGE = """(element) => {
  element.removeAttribute("decoded");
  element.shadowRoot.querySelector("canvas").hidden = true;
}"""


@pytest.fixture
def blank(page: Page, server: str) -> Page:
    """A page that knows the element and shows none."""
    page.goto(f"{server}/nowhere")
    page.add_script_tag(url="/raisr/raisr-img.js", type="module")
    return page


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("absent.jpg", "FetchError"),
        ("x-unknown-bank.jpg", "FetchError"),
        ("x-damaged-metadata.jpg", "MetadataDamaged"),
    ],
)
def test_what_cannot_be_decoded_says_why_and_leaves_the_base_image(
    blank: Page, name: str, kind: str
) -> None:
    event = blank.evaluate(DECODE, f"/photos/{name}")
    assert (event["type"], event["kind"]) == ("error", kind)
    assert event["message"]
    element = blank.locator("raisr-img").first
    assert element.get_attribute("decoded") is None
    assert element.evaluate("(element) => element.image.isConnected")
    assert element.evaluate("(element) => element.shadowRoot.querySelector('canvas')") is None


@pytest.mark.parametrize(
    ("which", "style"),
    [
        ("element", "display: inline-block"),
        ("element", "display: block; width: 500px"),
        ("element", "display: block; width: 200px"),
        ("image", "width: 200px; height: 300px"),
        ("image", "width: 200px; height: 200px; object-fit: cover; object-position: 0 100%"),
    ],
)
def test_full_size_pixels_lie_over_those_of_the_base_image(
    blank: Page, which: str, style: str
) -> None:
    blank.evaluate(DECODE_STYLED, [which, style])
    element = blank.locator("raisr-img").first
    output = decode_image(element.screenshot(), "output").pixels
    element.evaluate(SHOW_THE_BASE_IMAGE)
    base = decode_image(element.screenshot(), "base").pixels
    assert luma_psnr(output[..., :3], base[..., :3]) > 28


def test_the_page_goes_on_after_an_error(blank: Page) -> None:
    assert blank.evaluate(DECODE, "/photos/absent.jpg")["type"] == "error"
    assert blank.evaluate(DECODE, "/photos/two-dogs.jpg")["type"] == "load"


def test_the_load_event_says_what_was_done(blank: Page) -> None:
    event = blank.evaluate(DECODE, "/photos/two-dogs.jpg")
    assert (event["width"], event["height"], event["engine"]) == (1000, 1500, "kernel")
    assert len(event["bank"]) == 32
    assert event["milliseconds"] > 0


def test_progress_rises_from_nothing_to_all(blank: Page) -> None:
    done = blank.evaluate(DECODE, "/photos/two-dogs.jpg")["done"]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 1)
    assert len(done) > 5


def test_styles_can_tell_what_is_decoded(blank: Page) -> None:
    blank.evaluate(DECODE, "/photos/two-dogs.jpg")
    element = blank.locator("raisr-img").first
    assert element.evaluate("(element) => element.matches(':state(decoded)[decoded]')")
    element.evaluate("(element) => element.remove()")
    assert blank.locator("raisr-img:state(decoded)[src*='two-dogs']").count() == 0


def test_an_image_of_24_megapixels_is_decoded(blank: Page) -> None:
    event = blank.evaluate(DECODE, "/photos/x-large.jpg")
    assert (event["height"], event["width"]) == LARGE


# Firefox does not tell about long tasks.
@pytest.mark.only_browser("chromium")
def test_the_page_stays_responsive_while_24_megapixels_are_decoded(blank: Page) -> None:
    blank.evaluate(DECODE, "/photos/two-dogs.jpg")
    blank.evaluate("""() => {
      window.longTasks = [];
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) window.longTasks.push(duration);
      }).observe({ type: "longtask" });
    }""")
    # On a busy machine anything may take long once.
    assert [] in [long_tasks_of_decoding(blank, f"/photos/x-large.jpg?{n}") for n in range(3)]


def long_tasks_of_decoding(page: Page, address: str) -> list[float]:
    """Milliseconds of each task of the page that took more than 50 of them."""
    assert page.evaluate(DECODE, address)["type"] == "load"
    page.wait_for_timeout(500)
    durations: list[float] = page.evaluate("window.longTasks.splice(0)")
    page.locator("raisr-img").first.evaluate("(element) => element.remove()")
    return durations


def test_what_the_visitor_sees_comes_first(blank: Page) -> None:
    order = blank.evaluate("""() => new Promise((resolve) => {
      const order = [];
      for (const place of ["far", "near", "here"]) {
        const element = document.createElement("raisr-img");
        Object.assign(element, { id: place, src: "/photos/two-dogs.jpg" });
        element.style.cssText = "position: absolute; width: 100px; left: 0";
        element.style.top = { far: "140vh", near: "110vh", here: "0" }[place];
        element.setAttribute("src", "/photos/two-dogs.jpg?" + place);
        element.addEventListener("load", () => order.push(place) === 3 && resolve(order));
        document.querySelector("main").append(element);
      }
    })""")
    assert order == ["here", "near", "far"]


@pytest.mark.parametrize(("scale", "shape"), [("2", (40, 60)), ("1.3", (26, 39)), ("4", (80, 120))])
def test_an_ordinary_image_is_upscaled_as_the_command_line_does(
    blank: Page, scale: str, shape: tuple[int, int], tmp_path: Path
) -> None:
    image = random_picture(5, 20, 30)
    blank.route("**/plain.png", lambda route: route.fulfill(body=save_png(image)))
    assert blank.evaluate(UPSCALE, scale)["type"] == "load"
    element = blank.locator("raisr-img")
    assert_shows(element, upscale(image, shape), tmp_path, "upscaled image")


def test_the_size_of_an_upscaled_image_is_rounded_as_on_the_command_line(blank: Page) -> None:
    image = random_picture(5, 221, 335)
    blank.route("**/plain.png", lambda route: route.fulfill(body=save_png(image)))
    event = blank.evaluate(UPSCALE, "1.5")
    assert (event["height"], event["width"]) == scaled_shape((221, 335), Fraction(3, 2))
    assert (event["height"], event["width"]) == (332, 503)


def test_a_transparent_image_stays_transparent_when_upscaled(blank: Page, tmp_path: Path) -> None:
    image = np.dstack([random_picture(5, 20, 30), np.full((20, 30), 0, np.uint8)])
    blank.route("**/plain.png", lambda route: route.fulfill(body=save_png(image)))
    assert blank.evaluate(UPSCALE, "2")["type"] == "load"
    nothing = np.zeros((40, 60, 4), np.uint8)
    assert_shows(blank.locator("raisr-img"), nothing, tmp_path, "transparent image")


@pytest.mark.parametrize("scale", ["0.5", "9", "two", ""])
def test_a_scale_that_is_none_is_refused_in_words(blank: Page, scale: str) -> None:
    event = blank.evaluate(UPSCALE, scale)
    assert (event["type"], event["kind"]) == ("error", "ScaleUnknown")


def test_an_element_that_is_removed_halfway_is_silent(blank: Page) -> None:
    types = blank.evaluate("""() => new Promise((resolve) => {
      const element = document.createElement("raisr-img");
      const types = [];
      for (const type of ["load", "error"]) element.addEventListener(type, () => types.push(type));
      element.addEventListener("progress", () => {
        element.remove();
        setTimeout(() => resolve(types), 2000);
      });
      element.setAttribute("src", "/photos/two-dogs.jpg");
      document.querySelector("main").prepend(element);
    })""")
    assert types == []
    assert blank.evaluate(DECODE, "/photos/two-dogs.jpg")["type"] == "load"


def test_a_new_source_is_decoded_in_place_of_the_old_one(blank: Page) -> None:
    blank.evaluate(DECODE, "/photos/two-dogs.jpg")
    element = blank.locator("raisr-img").first
    element.evaluate("(element) => element.setAttribute('src', '/photos/dandelions.jpg')")
    element.and_(blank.locator("[decoded]")).wait_for()
    assert element.evaluate("(element) => element.shadowRoot.querySelector('canvas').width") == 1500
