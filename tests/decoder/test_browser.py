"""What of the browser's module can be called without one; the rest is tested in browsers."""

from dataclasses import dataclass

import numpy as np
import pytest

from raisr_decoder import browser
from raisr_decoder.bank import save
from raisr_decoder.errors import LimitExceeded
from raisr_decoder.pipeline import restore
from support import random_bank, random_picture


@dataclass(frozen=True)
class JsBytes:
    """Stands in for a typed array of JavaScript."""

    data: bytes

    def to_bytes(self) -> bytes:
        return self.data


def test_an_ordinary_picture_is_enlarged_by_the_bank_that_is_passed() -> None:
    picture, bank = random_picture(1, 20, 31), random_bank(1, block=4)
    rgba = np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
    strips = browser.upscale(JsBytes(rgba.tobytes()), 31, 20, 62, 40, JsBytes(save(bank)))
    full = np.concatenate(list(strips)).reshape(40, 62, 4)
    assert (full[..., :3] == restore(picture, bank, (40, 62))).all()
    assert (full[..., 3] == 255).all()


def test_no_picture_is_enlarged_beyond_the_limit() -> None:
    with pytest.raises(LimitExceeded):
        browser.upscale(JsBytes(b""), 1, 1, 60000, 60000, JsBytes(b""))
