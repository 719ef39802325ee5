"""One decoding to be timed, the same in CPython and in Pyodide."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.bank import load
from raisr_decoder.color import luma
from raisr_decoder.engine import Engine
from raisr_decoder.filters import Filters
from raisr_decoder.pipeline import restore, restore_luma, sampling_steps, strips_of
from raisr_decoder.planes import plane_of
from raisr_decoder.shapes import Shape

QUALITY = 50
"""Of the base image; times do not depend on it."""


@dataclass(frozen=True)
class Case:
    """A base image, filters, and the rows and columns of the output image."""

    base: NDArray[np.uint8]
    filters: Filters
    shape: Shape


def prepare(pixels: bytes, base_shape: Shape, bank: bytes, shape: Shape, engine: Engine) -> Case:
    """A case whose filters are ready: what is done once for each bank is not timed."""
    rows, columns = base_shape
    base = np.frombuffer(pixels, np.uint8).reshape(rows, columns, 3)
    height, width = shape
    case = Case(base, load(bytes(bank)).filters(QUALITY), (height, width))
    image_milliseconds(case, engine)
    return case


def luma_milliseconds(case: Case, engine: Engine) -> float:
    """How long luma alone takes, in strips as `restore` makes them."""
    base = luma(case.base)
    steps = sampling_steps(base.shape, case.filters, case.shape)
    output = restore_luma(plane_of(base), case.filters, case.shape, steps, engine)
    start = time.perf_counter()
    for _ in engine.map(lambda rows: output.rows(*rows), strips_of(case.shape)):
        pass
    return 1000 * (time.perf_counter() - start)


def image_milliseconds(case: Case, engine: Engine) -> float:
    """How long the whole output image takes, colour included."""
    start = time.perf_counter()
    restore(case.base, case.filters, case.shape, engine=engine)
    return 1000 * (time.perf_counter() - start)
