"""The page decodes payloads, and every pixel is the one that the encoder expects."""

import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Page

from canvas import assert_shows, pixels
from raisr.bank_store import BankStore
from raisr.decoding import filters_of
from raisr.images.reading import decode_base
from raisr_decoder.metadata import parse
from raisr_decoder.pipeline import restore
from support import SAMPLES, assert_same_pixels

NAMES = [path.name for path in sorted(SAMPLES.glob("*.jpg"))]

# The pixels of a base image as the worker gets them, given back as a PNG.
DECODE_BASE = """async (address) => {
  const { decodeBaseImage } = await import("/raisr/base-image.js");
  const payload = await (await fetch(address)).arrayBuffer();
  const base = await decodeBaseImage(new Uint8Array(payload));
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: base.width, height: base.height });
  canvas.getContext("2d").putImageData(base, 0, 0);
  return canvas.toDataURL("image/png");
}"""


@pytest.fixture(scope="module")
def gallery(shared_page: Page, server: str) -> Page:
    shared_page.goto(server)
    return shared_page


@pytest.mark.parametrize("name", NAMES)
def test_the_canvas_holds_the_pixels_that_the_encoder_expects(
    gallery: Page, server: str, name: str, tmp_path: Path
) -> None:
    element = gallery.locator(f"raisr-img[src='/photos/{name}']")
    element.scroll_into_view_if_needed()
    element.and_(gallery.locator("[decoded]")).wait_for()

    payload = urllib.request.urlopen(f"{server}/photos/{name}").read()  # noqa: S310
    metadata = parse(payload)
    base = pixels(gallery.evaluate(DECODE_BASE, f"/photos/{name}"))
    assert_same_pixels(base, decode_base(payload), tmp_path, "base image, as decoded")
    expected = restore(base, filters_of(metadata, BankStore()), metadata.shape)
    assert_shows(element, expected, tmp_path, "output image")
