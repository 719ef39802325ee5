"""Every vector through the decoder in a browser, equal to the byte."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser

from support import Vector, assert_same_pixels, read_vectors

VECTORS = read_vectors()

# Python's own answer, not what a canvas makes of it: a canvas loses colour where alpha is low.
DECODE_ALL = """async ([vectors, engine]) => {
  const { startPython } = await import("/raisr/python.js");
  const decoder = await startPython();
  const name = decoder.engine().name;
  const { NUMPY } = decoder;
  if (engine === "numpy") decoder.engine = () => NUMPY.copy();
  else if (name !== engine) throw new Error(`the engine is ${name}`);
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return vectors.map(({ payload, base, width, height, bank }) => {
    const filters = bank === null ? undefined : bytes(bank);
    const pixels = [];
    for (const strip of decoder.decode(bytes(payload), bytes(base), width, height, filters)) {
      const view = strip.getBuffer("u8");
      pixels.push(...view.data);
      view.release();
      strip.destroy();
    }
    return pixels;
  });
}"""


@pytest.fixture(scope="module", params=["kernel", "numpy"])
def decoded(
    browser: Browser, server: str, request: pytest.FixtureRequest
) -> Iterator[dict[str, NDArray[np.uint8]]]:
    """RGBA samples of all vectors, by name, from one visit to a page without images."""
    page = browser.new_page()
    page.goto(f"{server}/nowhere")
    results = page.evaluate(DECODE_ALL, [[arguments(vector) for vector in VECTORS], request.param])
    yield {
        vector.name: np.array(samples, np.uint8).reshape(*vector.expected.shape[:2], 4)
        for vector, samples in zip(VECTORS, results, strict=True)
    }
    page.close()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_the_pixels_are_the_only_right_ones(
    decoded: dict[str, NDArray[np.uint8]], vector: Vector, tmp_path: Path
) -> None:
    assert_same_pixels(decoded[vector.name], with_alpha(vector.expected), tmp_path, vector.name)


def arguments(vector: Vector) -> dict[str, Any]:
    rows, columns, _ = vector.base.shape
    return {
        "payload": text(vector.payload),
        "base": text(with_alpha(vector.base).tobytes()),
        "width": columns,
        "height": rows,
        "bank": None if vector.bank is None else text(vector.bank),
    }


def with_alpha(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image of shape (M, N, 3) or (M, N, 4) as one of shape (M, N, 4)."""
    opaque = np.full((*image.shape[:2], 4), 255, np.uint8)
    opaque[..., : image.shape[2]] = image
    return opaque


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()
