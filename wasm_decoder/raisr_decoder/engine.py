"""Engines: the functions that do the arithmetic, by NumPy or by something faster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.color import compose
from raisr_decoder.filtering import filter_cells
from raisr_decoder.filters import FilterStage
from raisr_decoder.resize import Taps, resize


@dataclass(frozen=True)
class Engine:
    """The functions that do the heavy work. All engines give the same pixels.

    Attributes
    ----------
    name : str
    filter_cells, resize, compose : callable
        Same signatures and results as `filtering.filter_cells`, `resize.resize`, `color.compose`.
    map : callable
        As the built-in `map`; processes the strips of an image, perhaps in several threads.
    """

    name: str
    filter_cells: Callable[[NDArray[np.uint8], FilterStage], NDArray[np.int16]]
    resize: Callable[[NDArray[np.int16], Taps, Taps], NDArray[np.int16]]
    compose: Callable[[NDArray[np.int16], NDArray[np.int16]], NDArray[np.uint8]]
    map: Callable[..., Iterator[Any]] = map


NUMPY = Engine("numpy", filter_cells, resize, compose)
