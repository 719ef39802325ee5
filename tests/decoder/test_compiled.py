from __future__ import annotations

import pytest

from raisr_decoder import browser, compiled
from raisr_decoder.engine import NUMPY


def test_outside_a_browser_numpy_does_the_work() -> None:
    with pytest.raises(OSError, match="kernel"):
        compiled.engine()
    assert browser.engine() is NUMPY
