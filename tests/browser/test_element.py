"""How <raisr-img> behaves, on a page that has nothing else."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page

from canvas import assert_shows
from raisr.bank_store import BankStore
from raisr.codecs.jpeg import save_jpeg
from raisr.evaluation.metrics import luma_psnr
from raisr.images.reading import decode_base, decode_image, read_photo
from raisr.images.writing import save_png
from raisr.upscaling import upscale
from raisr_decoder.metadata import Metadata, pack
from raisr_decoder.shapes import scaled_shape
from support import SAMPLES, random_picture

LARGE = (4000, 6000)
"""Rows and columns of an image of 24 megapixels."""

VIEWPORT = {"width": 1280, "height": 720}
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
UPSCALE = """([address, scale]) => new Promise((resolve) => {
  const element = document.createElement("raisr-img");
  element.setAttribute("scale", scale);
  element.setAttribute("src", address);
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
# Put an element with this content on the page; resolve when it is decoded.
DECODE_WITHIN = """async ([html, scale]) => {
  const element = document.createElement("raisr-img");
  element.innerHTML = html;
  if (scale !== null) element.setAttribute("scale", scale);
  const decoded = new Promise((resolve) => element.addEventListener("load", resolve));
  document.querySelector("main").prepend(element);
  await decoded;
}"""
# In a way that the page's policy has no say in.
ADOPT = """(css) => {
  const styles = new CSSStyleSheet();
  styles.replaceSync(css);
  document.adoptedStyleSheets = [styles];
}"""
# Resolve when the image does not move any more and its canvas has followed.
COME_TO_REST = """async ({ image }) => {
  const moving = image.getAnimations().filter(({ playState }) => playState === "running");
  await Promise.all(moving.map(({ finished }) => finished));
  for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
}"""
SHOW_THE_BASE_IMAGE = """(element) => {
  for (const animation of element.image.getAnimations()) animation.cancel();
  element.removeAttribute("decoded");
  element.shadowRoot.querySelector("canvas").hidden = true;
}"""
# Resolve when the canvas has so many columns and the element says `decoded`.
SHOWS_COLUMNS = """([element, columns]) => {
  const canvas = element.shadowRoot.querySelector("canvas");
  return element.matches("[decoded]:state(decoded)") && canvas.width === columns;
}"""
# How often it says something else than `decoded` in a while that decoding it anew would begin in.
RESTARTS = """async (element) => {
  let restarts = 0;
  const observer = new MutationObserver(() => (restarts += 1));
  observer.observe(element, { attributeFilter: ["decoded"] });
  await new Promise((resolve) => setTimeout(resolve, 300));
  observer.disconnect();
  return restarts;
}"""
RECT_OF_CANVAS = """(element) => {
  const { x, y, width, height } =
    element.shadowRoot.querySelector("canvas").getBoundingClientRect();
  return [x, y, width, height];
}"""
RECT_OF_IMAGE = """(element) => {
  const { x, y, width, height } = element.image.getBoundingClientRect();
  return [x, y, width, height];
}"""
DOGS = '<img src="/photos/two-dogs.jpg" alt="Dogs" width="300" height="450">'
DANDELIONS = '<img src="/photos/dandelions.jpg" alt="Dandelions" width="300" height="200">'
DOGS_COLUMNS, DANDELIONS_COLUMNS = 1000, 750
# What tests leave behind.
CLEAR = """() => {
  document.querySelector("main").replaceChildren();
  document.adoptedStyleSheets = [];
  history.replaceState(null, "", location.pathname);
}"""
NUMBERS = count()


@pytest.fixture(scope="module")
def page_with_element(shared_page: Page, server: str) -> Page:
    shared_page.goto(f"{server}/nowhere")
    shared_page.add_script_tag(url="/raisr/raisr-img.js", type="module")
    return shared_page


@pytest.fixture
def blank(page_with_element: Page) -> Iterator[Page]:
    """A page that knows the element and shows none; its worker may have decoded others."""
    page_with_element.set_viewport_size(VIEWPORT)
    page_with_element.mouse.move(0, 0)
    page_with_element.evaluate(CLEAR)
    yield page_with_element
    page_with_element.unroute_all()


def serve(page: Page, image: NDArray[np.uint8]) -> str:
    """The address where a page finds an image: a new one, as a page keeps what it has shown."""
    return serve_file(page, save_png(image))


def serve_file(page: Page, content: bytes) -> str:
    address = f"/served-{next(NUMBERS)}"
    page.route(f"**{address}", lambda route: route.fulfill(body=content))
    return address


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
    assert_looks_like_its_base_image(blank)


def assert_looks_like_its_base_image(page: Page, least_psnr: float = 28) -> None:
    """Compare what the page shows with what it shows where the image is not decoded."""
    element = page.locator("raisr-img").first
    output = decode_image(page.screenshot(), "output").pixels
    element.evaluate(SHOW_THE_BASE_IMAGE)
    base = decode_image(page.screenshot(), "base").pixels
    assert luma_psnr(output[..., :3], base[..., :3]) > least_psnr


def decode_within(page: Page, html: str, css: str = "", scale: str | None = None) -> None:
    page.evaluate(ADOPT, css)
    page.evaluate(DECODE_WITHIN, [html, scale])


@pytest.mark.parametrize(
    "style",
    [
        "border: 20px solid red; padding: 30px 10px; background: gold",
        "border: 10px dashed; padding: 7%; box-sizing: border-box; border-radius: 40%",
        "filter: grayscale(1) contrast(2)",
        "transform: rotate(30deg) scale(0.5); transform-origin: 30% 0; border: 20px solid",
        "rotate: 8deg; scale: 0.7; translate: 30% 10px; margin: 20.5px; padding: 3px 30px",
        "opacity: 0.4; clip-path: circle(40%)",
        "position: relative; z-index: 3; left: 40px; mix-blend-mode: multiply",
        "object-fit: contain; object-position: 10px 30%; height: 200px; transition: all 1s",
    ],
)
def test_an_image_keeps_its_styles(blank: Page, style: str) -> None:
    # On a large screen most of the page is white; the difference counts the more on a small one.
    blank.set_viewport_size({"width": 420, "height": 560})
    decode_within(blank, f'<a href="#x">{DOGS}</a>', f"raisr-img img {{ {style} }}")
    assert_looks_like_its_base_image(blank)


def test_the_image_of_the_element_itself_keeps_its_styles(blank: Page) -> None:
    blank.set_viewport_size({"width": 420, "height": 560})
    assert blank.evaluate(DECODE, "/photos/two-dogs.jpg")["type"] == "load"
    css = "{ border: 20px solid; padding: 10px; rotate: 8deg; width: 300px }"
    blank.evaluate(ADOPT, f"raisr-img::part(image) {css}")
    blank.locator("raisr-img").evaluate(COME_TO_REST)
    assert_looks_like_its_base_image(blank)


@pytest.mark.parametrize("around", ["{}", '<a href="#x">{}</a>', "<picture>{}</picture>"])
def test_the_base_image_does_not_show_through_a_transparent_one(blank: Page, around: str) -> None:
    black = np.dstack([np.zeros((300, 300, 3), np.uint8), np.full((300, 300), 128, np.uint8)])
    blank.set_viewport_size({"width": 420, "height": 560})
    image = f'<img src="{serve(blank, black)}" alt="" width="300" height="300">'
    decode_within(blank, around.format(image), scale="2")
    assert_looks_like_its_base_image(blank, 40)


def test_a_canvas_follows_an_image_that_moves(blank: Page) -> None:
    css = """
      raisr-img { margin: 100px; }
      raisr-img img { transition: scale 300ms; }
      raisr-img img:hover { scale: 1.2; }
      .wide img { width: 333px; rotate: 20deg; }
    """
    decode_within(blank, f'<a href="#x">{DOGS}</a>', css)
    element = blank.locator("raisr-img").first
    before = element.evaluate(RECT_OF_IMAGE)
    element.hover()
    element.evaluate(COME_TO_REST)
    hovered = element.evaluate(RECT_OF_IMAGE)
    assert hovered[2] > before[2] * 1.15
    assert element.evaluate(RECT_OF_CANVAS) == pytest.approx(hovered, abs=0.1)
    element.evaluate("(element) => element.classList.add('wide')")
    blank.mouse.move(0, 0)
    element.evaluate(COME_TO_REST)
    rotated = element.evaluate(RECT_OF_IMAGE)
    assert rotated != pytest.approx(before, abs=1)
    assert element.evaluate(RECT_OF_CANVAS) == pytest.approx(rotated, abs=0.1)


def test_links_and_listeners_around_an_image_work_once_it_is_decoded(blank: Page) -> None:
    decode_within(blank, f'<a href="#x">{DOGS}</a>')
    element = blank.locator("raisr-img").first
    element.evaluate("""({ image }) => {
      window.heard = [];
      for (const type of ["click", "contextmenu"]) {
        image.addEventListener(type, () => heard.push(type));
      }
      // No menu that the next test would have to close.
      image.addEventListener("contextmenu", (event) => event.preventDefault());
    }""")
    box = element.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, min(box["y"] + box["height"] / 2, 400)
    blank.mouse.click(x, y)
    assert blank.evaluate("location.hash") == "#x"
    blank.mouse.click(x, y, button="right")
    assert blank.evaluate("heard") == ["click", "contextmenu"]
    assert blank.evaluate("([x, y]) => document.elementFromPoint(x, y).alt", [x, y]) == "Dogs"


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


def test_the_page_stays_responsive_while_an_image_of_24_megapixels_is_decoded(blank: Page) -> None:
    blank.evaluate(DECODE, "/photos/two-dogs.jpg")
    # Firefox does not tell about long tasks.
    blank.evaluate("""() => {
      window.longTasks = [];
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) window.longTasks.push(duration);
      }).observe({ type: "longtask" });
    }""")
    address = serve_file(blank, large_payload())
    # On a busy machine anything may take long once.
    assert any(long_tasks_of_decoding(blank, address) == [] for _ in range(3))


def large_payload() -> bytes:
    rows, columns = LARGE
    base = np.resize(read_photo(SAMPLES / "two-dogs.jpg"), (rows // 2, columns // 2, 3))
    bank = BankStore().closest("jpeg", Fraction(2))
    return pack(save_jpeg(base, 30), Metadata(columns, rows, 30, bank.id))


def long_tasks_of_decoding(page: Page, address: str) -> list[float]:
    """Milliseconds of each task of the page that took more than 50 of them."""
    event = page.evaluate(DECODE, address)
    assert (event["type"], event["height"], event["width"]) == ("load", *LARGE)
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
    assert blank.evaluate(UPSCALE, [serve(blank, image), scale])["type"] == "load"
    element = blank.locator("raisr-img")
    assert_shows(element, upscale(image, shape), tmp_path, "upscaled image")


def test_an_ordinary_jpeg_is_upscaled_without_its_artefacts(blank: Page, tmp_path: Path) -> None:
    file = save_jpeg(random_picture(5, 20, 30), 50)
    assert blank.evaluate(UPSCALE, [serve_file(blank, file), "2"])["type"] == "load"
    expected = upscale(decode_base(file), (40, 60), compressed=True)
    assert_shows(blank.locator("raisr-img"), expected, tmp_path, "upscaled JPEG")


def test_the_size_of_an_upscaled_image_is_rounded_as_on_the_command_line(blank: Page) -> None:
    image = random_picture(5, 221, 335)
    event = blank.evaluate(UPSCALE, [serve(blank, image), "1.5"])
    assert (event["height"], event["width"]) == scaled_shape((221, 335), Fraction(3, 2))
    assert (event["height"], event["width"]) == (332, 503)


def test_a_transparent_image_stays_transparent_when_upscaled(blank: Page, tmp_path: Path) -> None:
    image = np.dstack([random_picture(5, 20, 30), np.full((20, 30), 0, np.uint8)])
    assert blank.evaluate(UPSCALE, [serve(blank, image), "2"])["type"] == "load"
    nothing = np.zeros((40, 60, 4), np.uint8)
    assert_shows(blank.locator("raisr-img"), nothing, tmp_path, "transparent image")


@pytest.mark.parametrize("scale", ["0.5", "9", "two", ""])
def test_a_scale_that_is_none_is_refused_in_words(blank: Page, scale: str) -> None:
    event = blank.evaluate(UPSCALE, ["/photos/two-dogs.jpg", scale])
    assert (event["type"], event["kind"]) == ("error", "ScaleUnknown")


def test_an_element_that_is_removed_halfway_is_silent(blank: Page) -> None:
    types = blank.evaluate_handle("""() => new Promise((resolve) => {
      const element = document.createElement("raisr-img");
      const types = [];
      for (const type of ["load", "error"]) element.addEventListener(type, () => types.push(type));
      element.addEventListener("progress", () => {
        element.remove();
        resolve(types);
      });
      element.setAttribute("src", "/photos/two-dogs.jpg");
      document.querySelector("main").prepend(element);
    })""")
    # Its turn comes when the first one has ended.
    assert blank.evaluate(DECODE, "/photos/two-dogs.jpg")["type"] == "load"
    assert types.json_value() == []


def test_a_new_source_is_decoded_in_place_of_the_old_one(blank: Page) -> None:
    blank.evaluate(DECODE, "/photos/two-dogs.jpg")
    element = blank.locator("raisr-img").first
    element.evaluate("(element) => element.setAttribute('src', '/photos/dandelions.jpg')")
    element.and_(blank.locator("[decoded]")).wait_for()
    assert element.evaluate("(element) => element.shadowRoot.querySelector('canvas').width") == 750


@pytest.mark.parametrize(
    "change",
    [
        "(element) => { element.querySelector('img').src = '/photos/dandelions.jpg' }",
        f"(element) => {{ element.innerHTML = '{DANDELIONS}' }}",
        f"(element) => {{ element.querySelector('img').outerHTML = '{DANDELIONS}' }}",
        "(element) => { element.querySelector('img').srcset = '/photos/dandelions.jpg 1x' }",
        "(element) => { element.srcset = '/photos/dandelions.jpg' }",
    ],
)
def test_another_image_inside_is_decoded_in_place_of_the_old_one(blank: Page, change: str) -> None:
    decode_within(blank, DOGS)
    element = blank.locator("raisr-img").first
    element.evaluate(change)
    assert_decodes(element, DANDELIONS_COLUMNS)
    assert element.evaluate(RECT_OF_CANVAS) == element.evaluate(RECT_OF_IMAGE)


def assert_decodes(element: Locator, columns: int) -> None:
    """Wait until an element shows an output image of so many columns, and see that it goes on."""
    handle = element.element_handle()
    element.page.wait_for_function(SHOWS_COLUMNS, arg=[handle, columns])
    assert element.evaluate(RESTARTS) == 0
    assert element.evaluate(f"(element) => ({SHOWS_COLUMNS})([element, {columns}])")


def test_a_source_for_another_width_of_the_window_is_decoded(blank: Page) -> None:
    blank.set_viewport_size({"width": 900, "height": 700})
    source = '<source media="(max-width: 600px)" srcset="/photos/dandelions.jpg">'
    decode_within(blank, f"<picture>{source}{DOGS}</picture>")
    element = blank.locator("raisr-img").first
    assert_decodes(element, DOGS_COLUMNS)
    blank.set_viewport_size({"width": 500, "height": 700})
    assert_decodes(element, DANDELIONS_COLUMNS)
    blank.set_viewport_size({"width": 900, "height": 700})
    assert_decodes(element, DOGS_COLUMNS)


def test_the_source_of_a_decoded_image_may_go(blank: Page) -> None:
    decode_within(blank, DOGS)
    element = blank.locator("raisr-img").first
    element.evaluate("({ image }) => image.removeAttribute('src')")
    element.and_(blank.locator(":not([decoded])")).wait_for()
    element.evaluate("({ image }) => { image.src = '/photos/dandelions.jpg' }")
    assert_decodes(element, DANDELIONS_COLUMNS)


def test_an_image_is_decoded_once_however_often_the_page_is_told(blank: Page) -> None:
    decode_within(blank, DOGS)
    element = blank.locator("raisr-img").first
    events = element.evaluate("""async (element) => {
      const events = [];
      for (const type of ["load", "error", "progress"]) {
        element.addEventListener(type, () => events.push(type));
      }
      element.image.loading = "eager";
      element.image.style.opacity = "0.5";
      element.image.src = "/photos/two-dogs.jpg";
      element.append(document.createElement("span"));
      await new Promise((resolve) => setTimeout(resolve, 500));
      return events;
    }""")
    assert events == []


@pytest.mark.parametrize(
    "html", ["{}", "<picture><source srcset='/photos/x-none.jpg'>{}</picture>"]
)
def test_a_fallback_shows_and_is_not_decoded(blank: Page, html: str) -> None:
    fallback = serve(blank, random_picture(5, 9, 9))
    image = '<img src="/photos/x-none.jpg" alt="">'
    shown, errors = blank.evaluate(
        """async ([html, fallback]) => {
          const element = document.createElement("raisr-img");
          element.setAttribute("fallback", fallback);
          element.innerHTML = html;
          let errors = 0;
          element.addEventListener("error", () => (errors += 1));
          document.querySelector("main").prepend(element);
          const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
          while (!element.image.currentSrc.endsWith(fallback)) await pause(100);
          // Decoding it would fail in a moment.
          await pause(500);
          return [element.image.currentSrc, errors];
        }""",
        [html.format(image), fallback],
    )
    assert shown.endswith(fallback)
    assert errors == 1
    element = blank.locator("raisr-img").first
    element.evaluate(f"(element) => {{ element.innerHTML = '{DANDELIONS}' }}")
    assert_decodes(element, DANDELIONS_COLUMNS)


@pytest.mark.parametrize(
    ("html", "give"),
    [
        ("", "(element) => element.setAttribute('src', '/photos/two-dogs.jpg')"),
        ("", "(element) => { element.src = '/photos/two-dogs.jpg' }"),
        ("\n", "(element) => { element.srcset = '/photos/two-dogs.jpg' }"),
        ("", f"(element) => {{ element.innerHTML = '{DOGS}' }}"),
        ("<img alt=''>", "(element) => { element.image.src = '/photos/two-dogs.jpg' }"),
    ],
)
def test_a_source_that_comes_late_is_decoded(blank: Page, html: str, give: str) -> None:
    errors = blank.evaluate_handle(
        """(html) => {
          const element = document.createElement("raisr-img");
          element.innerHTML = html;
          const errors = [];
          element.addEventListener("error", ({ detail }) => errors.push(detail));
          document.querySelector("main").prepend(element);
          return errors;
        }""",
        html,
    )
    element = blank.locator("raisr-img").first
    element.evaluate(COME_TO_REST)
    element.evaluate(give)
    assert_decodes(element, DOGS_COLUMNS)
    assert element.evaluate("({ image }) => image.clientWidth") > 0
    assert errors.json_value() == []


def test_the_element_has_the_properties_of_an_image(blank: Page) -> None:
    properties = {
        "alt": "Dogs",
        "width": 300,
        "height": 450,
        "loading": "lazy",
        "sizes": "50vw",
        "srcset": "/photos/two-dogs.jpg 1000w",
        "src": "/photos/two-dogs.jpg",
    }
    of_element, of_image, attributes = blank.evaluate(
        """(properties) => {
          const names = Object.keys(properties);
          const element = document.createElement("raisr-img");
          document.querySelector("main").prepend(element);
          Object.assign(element, properties, { scale: 2, fallback: "/plain.png" });
          const { image } = element;
          const attributes = names.map((name) => image.getAttribute(name));
          for (const name of ["scale", "fallback"]) attributes.push(element.getAttribute(name));
          return [names.map((name) => element[name]), names.map((name) => image[name]), attributes];
        }""",
        properties,
    )
    assert of_element == of_image
    assert attributes == [*map(str, properties.values()), "2", "/plain.png"]


def test_properties_that_are_set_before_the_script_arrives_count(page: Page, server: str) -> None:
    page.goto(f"{server}/nowhere")
    page.evaluate("""() => {
      const element = document.createElement("raisr-img");
      Object.assign(element, { src: "/photos/two-dogs.jpg", width: 300, alt: "Dogs" });
      document.querySelector("main").prepend(element);
    }""")
    page.add_script_tag(url="/raisr/raisr-img.js", type="module")
    element = page.locator("raisr-img").first
    assert_decodes(element, DOGS_COLUMNS)
    assert element.evaluate("({ image }) => [image.getAttribute('width'), image.alt]") == [
        "300",
        "Dogs",
    ]


@pytest.mark.parametrize(
    ("content_type", "body", "reason"),
    [
        ("text/plain; charset=utf-8", "no image\r\nof that name", ": no image"),
        ("text/plain", 300 * "x", ": " + 200 * "x"),
        ("text/plain", "", ""),
        ("text/html", "<p>no image</p>", ""),
    ],
)
def test_the_reason_that_a_server_gives_is_told(
    blank: Page, content_type: str, body: str, reason: str
) -> None:
    blank.route(
        "**/absent.jpg",
        lambda route: route.fulfill(status=404, content_type=content_type, body=body),
    )
    message = blank.evaluate(DECODE, "/photos/absent.jpg")["message"]
    assert message == f"the image cannot be fetched: the server answered 404{reason}"
