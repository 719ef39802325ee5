"""What encoding takes in memory: docs/encoding.md states it."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

BYTES_PER_PIXEL = 30
"""At a literal quality and scale: 15 to 21, of which the photograph itself takes 3."""

PROGRAM = """
import resource
import numpy as np
import raisr

def encode(rows, columns):
    photo = np.add.outer(np.arange(rows), np.arange(columns)).astype(np.uint8)
    photo = np.repeat(photo[..., None], 3, axis=2)
    raisr.encode(photo, base="jpeg", scale=2, quality=50)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

small = encode(100, 100)
print((encode(3000, 4000) - small) / 12e6)
"""


def test_a_photograph_takes_so_many_bytes_a_pixel() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert float(run.stdout) < BYTES_PER_PIXEL
