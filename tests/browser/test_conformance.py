"""Every vector through the decoder in a browser, equal to the byte."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

from support import Vector, assert_same_pixels, read_vectors

VECTORS = read_vectors()

# Python's own answer, not what a canvas makes of it: a canvas loses colour where alpha is low.
DECODE_ALL = """async (vectors) => {
  const { startPython } = await import("/raisr/python.js");
  const decoder = await startPython();
  const { NUMPY } = decoder;
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const decodeAll = () => vectors.map(({ payload, base, width, height, bank }) => {
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
  const results = { [decoder.engine().name]: decodeAll() };
  decoder.engine = () => NUMPY.copy();
  return { ...results, [decoder.engine().name]: decodeAll() };
}"""


@pytest.fixture(scope="module")
def decoded(shared_page: Page, server: str) -> dict[tuple[str, str], NDArray[np.uint8]]:
    """RGBA samples by engine and name of the vector, from one visit to a page without images."""
    shared_page.goto(f"{server}/nowhere")
    results = shared_page.evaluate(DECODE_ALL, [arguments(vector) for vector in VECTORS])
    return {
        (engine, vector.name): np.array(samples, np.uint8).reshape(*vector.expected.shape[:2], 4)
        for engine in results
        for vector, samples in zip(VECTORS, results[engine], strict=True)
    }


@pytest.mark.parametrize("engine", ["kernel", "numpy"])
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_the_pixels_are_the_only_right_ones(
    decoded: dict[tuple[str, str], NDArray[np.uint8]], vector: Vector, engine: str, tmp_path: Path
) -> None:
    actual = decoded[engine, vector.name]
    assert_same_pixels(actual, with_alpha(vector.expected), tmp_path, vector.name)


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
