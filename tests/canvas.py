"""What the canvas of an element shows."""

import base64
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Locator

from raisr.images.reading import decode_image
from support import assert_same_pixels

MAX_WAIT_SECONDS = 30
"""For a frame that a worker painted to arrive on the page."""

DATA_URL = "(element) => element.shadowRoot.querySelector('canvas').toDataURL('image/png')"


def assert_shows(element: Locator, expected: NDArray[np.uint8], evidence: Path, what: str) -> None:
    """Compare what a <raisr-img> shows with pixels of shape (M, N, 3) or (M, N, 4), uint8.

    On a busy machine it may say `decoded` a little before the worker's last frame arrives.
    """
    deadline = time.monotonic() + MAX_WAIT_SECONDS
    actual = _shown(element)
    while not np.array_equal(actual, expected) and time.monotonic() < deadline:
        element.page.wait_for_timeout(100)
        actual = _shown(element)
    assert_same_pixels(actual, expected, evidence, what)


def pixels(data_url: str) -> NDArray[np.uint8]:
    """The pixels of an image in a data URL: shape (M, N, 3) or (M, N, 4); (0, 0, 3) for none."""
    data = base64.b64decode(data_url.partition(",")[2])
    return decode_image(data, "canvas").pixels if data else np.empty((0, 0, 3), np.uint8)


def _shown(element: Locator) -> NDArray[np.uint8]:
    return pixels(element.evaluate(DATA_URL))
