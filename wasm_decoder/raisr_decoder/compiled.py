"""The decoder's functions compiled to WebAssembly: same names, same signatures, same results.

`kernel.wasm` is compiled from the Numba functions of `raisr.kernels`; `kernel.json` says by which
tools, and from which sources.
"""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.cells import CELL, MARGIN
from raisr_decoder.engine import Engine
from raisr_decoder.features import FEATURES
from raisr_decoder.filtering import ZERO
from raisr_decoder.filters import FilterStage
from raisr_decoder.resize import Taps

LIBRARY = Path(__file__).with_name("kernel.wasm")

SCRATCH_LINES = len(FEATURES) + 32
"""Lines of int32, as wide as the padded plane, that hashing a row of cells needs."""


def engine() -> Engine:
    """The engine whose functions are compiled to WebAssembly.

    Raises
    ------
    OSError
        This is not Pyodide, or its browser lacks 128-bit SIMD.
    """
    _library()
    return Engine("kernel", filter_cells, resize, compose)


def filter_cells(padded: NDArray[np.uint8], stage: FilterStage) -> NDArray[np.int16]:
    """See `raisr_decoder.filtering.filter_cells`."""
    rows, columns = (size // CELL - MARGIN for size in padded.shape)
    result = np.empty((rows * stage.block, columns * stage.block), np.int16)
    tree = stage.tree
    scratch = np.empty((SCRATCH_LINES, padded.shape[1]), np.int32)
    pixels = signed(padded)
    _call("filter_cells", padded, pixels, rows, columns, tree.feature, tree.threshold,
          len(tree.feature), stage.paired, scratch, result, stage.block)  # fmt: skip
    return result


def signed(padded: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Pixels less `ZERO`, as the filters multiply them.

    Parameters
    ----------
    padded : ndarray of shape (M, N), uint8

    Returns
    -------
    ndarray of shape (M, N), int16
        -128..127.
    """
    return padded.astype(np.int16) - np.int16(ZERO)


def resize(plane: NDArray[np.int16], down: Taps, across: Taps) -> NDArray[np.int16]:
    """See `raisr_decoder.resize.resize`."""
    narrow = _along_rows(np.ascontiguousarray(plane.T), across)
    return _along_rows(np.ascontiguousarray(narrow.T), down)


def _along_rows(plane: NDArray[np.int16], along: Taps) -> NDArray[np.int16]:
    result = np.empty((len(along[0]), *plane.shape[1:]), np.int16)
    lines, samples = len(plane), plane[0].size
    _call("resize_rows", plane, lines, samples, *along, len(result), result)
    return result


def compose(luma: NDArray[np.int16], differences: NDArray[np.int16]) -> NDArray[np.uint8]:
    """See `raisr_decoder.color.compose`."""
    rgb = np.empty((*luma.shape, 3), np.uint8)
    _call("compose_rows", luma, differences, *luma.shape, rgb)
    return rgb


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(str(LIBRARY))


def _call(name: str, *arguments: Any) -> None:
    """Call a function of the library; arrays are passed by address."""
    values = [np.ascontiguousarray(a) if isinstance(a, np.ndarray) else a for a in arguments]
    getattr(_library(), name)(*(a.ctypes.data if isinstance(a, np.ndarray) else a for a in values))
