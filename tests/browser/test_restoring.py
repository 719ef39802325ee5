"""The page restores pictures, and every pixel is the one that the encoder expects."""

import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Page

from canvas import assert_shows, pixels
from raisr.bank_store import BankStore
from raisr.decoding import find_bank
from raisr.images.reading import decode_base
from raisr_decoder.metadata import parse
from raisr_decoder.pipeline import restore
from support import SAMPLES, assert_same_pixels

NAMES = [path.name for path in sorted(SAMPLES.glob("*.jpg"))]

# The worker's way to the pixels of a base picture, given back as a PNG.
DECODE_BASE = """async (address) => {
  const blob = await (await fetch(address)).blob();
  const bitmap = await createImageBitmap(blob, {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  });
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  return canvas.toDataURL("image/png");
}"""


@pytest.mark.parametrize("name", NAMES)
def test_the_canvas_holds_the_pixels_that_the_encoder_expects(
    page: Page, server: str, name: str, tmp_path: Path
) -> None:
    page.goto(server)
    picture = page.locator(f"raisr-img[src='/photos/{name}']")
    picture.scroll_into_view_if_needed()
    picture.and_(page.locator("[restored]")).wait_for()

    payload = urllib.request.urlopen(f"{server}/photos/{name}").read()  # noqa: S310
    metadata = parse(payload)
    base = pixels(page.evaluate(DECODE_BASE, f"/photos/{name}"))
    assert_same_pixels(base, decode_base(payload), tmp_path, "base picture, as decoded")
    expected = restore(base, find_bank(metadata, BankStore()), metadata.shape)
    assert_shows(picture, expected, tmp_path, "restored picture")
