"""What of the browser's module can be called without one; the rest is tested in browsers."""

import sys
from dataclasses import dataclass
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from raisr_decoder import browser
from raisr_decoder.bank import save
from raisr_decoder.errors import LimitExceeded
from raisr_decoder.metadata import Metadata, pack
from raisr_decoder.pipeline import restore
from raisr_decoder.shapes import scaled_shape
from support import random_bank, random_picture

# Enough of a PNG file to carry metadata.
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + bytes(13 + 4) + b"\0\0\0\0IEND" + bytes(4)


@dataclass(frozen=True)
class JsBytes:
    """Stands in for a typed array of JavaScript."""

    data: bytes

    def to_bytes(self) -> bytes:
        return self.data


@pytest.fixture
def _javascript(monkeypatch: pytest.MonkeyPatch) -> None:
    """JavaScript objects are dicts."""

    def to_js(value: Any, dict_converter: Any) -> Any:
        return dict_converter(value.items())

    monkeypatch.setitem(
        sys.modules, "js", SimpleNamespace(Object=SimpleNamespace(fromEntries=dict))
    )
    monkeypatch.setitem(sys.modules, "pyodide", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "pyodide.ffi", SimpleNamespace(to_js=to_js))


def opaque(image: np.ndarray) -> JsBytes:
    return JsBytes(np.dstack([image, np.full(image.shape[:2], 255, np.uint8)]).tobytes())


@pytest.mark.usefixtures("_javascript")
def test_metadata_are_told_as_width_height_and_bank() -> None:
    payload = pack(PNG, Metadata(62, 40, 70, "0" * 31 + "1"))
    assert browser.describe(JsBytes(payload)) == {"width": 62, "height": 40, "bank": "0" * 31 + "1"}


def test_a_payload_is_decoded_by_the_bank_that_is_passed() -> None:
    base, bank = random_picture(1, 20, 31), random_bank(1, block=4)
    payload = pack(PNG, Metadata(62, 40, 23, bank.id))
    strips = browser.decode(JsBytes(payload), opaque(base), 31, 20, JsBytes(save(bank)))
    output = np.concatenate(list(strips)).reshape(40, 62, 4)
    assert (output[..., :3] == restore(base, bank.filters(23), (40, 62))).all()
    assert (output[..., 3] == 255).all()


def test_an_ordinary_image_is_upscaled_by_the_bank_that_is_passed() -> None:
    image, bank = random_picture(1, 20, 31), random_bank(1, block=4)
    strips = browser.upscale(opaque(image), 31, 20, 62, 40, JsBytes(save(bank)), 51)
    output = np.concatenate(list(strips)).reshape(40, 62, 4)
    assert (output[..., :3] == restore(image, bank.filters(51), (40, 62))).all()
    assert (output[..., 3] == 255).all()


def test_no_image_is_upscaled_beyond_the_limit() -> None:
    with pytest.raises(LimitExceeded):
        browser.upscale(JsBytes(b""), 1, 1, 60000, 60000, JsBytes(b""), 51)


@pytest.mark.usefixtures("_javascript")
@pytest.mark.parametrize(
    ("width", "height", "scale", "size"),
    [
        (335, 221, 1.5, (503, 332)),
        (335, 221, 2, (670, 442)),
        # As a binary fraction 1.7 is a little less, which would round 8.5 down.
        (5, 15, 1.7, (9, 26)),
        (1, 1, 1, (1, 1)),
    ],
)
def test_the_size_of_an_upscaled_image_is_rounded_half_up(
    width: int, height: int, scale: float, size: tuple[int, int]
) -> None:
    columns, rows = size
    assert browser.upscaled_size(width, height, scale) == {"width": columns, "height": rows}
    assert scaled_shape((height, width), Fraction(str(scale))) == (rows, columns)
