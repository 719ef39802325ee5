"""The decoder as a web worker calls it: the only module that knows JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from raisr_decoder import bank
from raisr_decoder import metadata as payload
from raisr_decoder.alpha import parse_alpha, split_alpha
from raisr_decoder.engine import NUMPY, Engine
from raisr_decoder.errors import BankMismatch
from raisr_decoder.pipeline import NO_FILTERS, restore_strips
from raisr_decoder.shapes import check_sizes


class JsBytes(Protocol):
    """A typed array of JavaScript, as Pyodide passes it."""

    def to_bytes(self) -> bytes: ...


@cache
def engine() -> Engine:
    """Compiled functions where they load, NumPy's otherwise."""
    try:
        from raisr_decoder import compiled

        return compiled.engine()
    except (ImportError, OSError):
        return NUMPY


def describe(data: JsBytes) -> Any:
    """What the metadata of a payload says, as a plain JavaScript object.

    Returns
    -------
    object
        `width` and `height` in pixels, `bank`: an id or undefined.

    Raises
    ------
    PayloadError, LimitExceeded
    """
    from js import Object
    from pyodide.ffi import to_js

    metadata = payload.parse(data.to_bytes())
    facts = {"width": metadata.width, "height": metadata.height, "bank": metadata.bank}
    return to_js(facts, dict_converter=Object.fromEntries)


def restore(
    data: JsBytes, rgba: JsBytes, base_width: int, base_height: int, bank_data: JsBytes | None
) -> Iterator[NDArray[np.uint8]]:
    """The full picture in strips, from top to bottom, each made when it is asked for.

    Parameters
    ----------
    data : typed array
        The payload.
    rgba : typed array of length base_height * base_width * 4
        The base picture as the browser decoded it.
    base_width, base_height : int
    bank_data : typed array or undefined
        The bank that the metadata asks for.

    Returns
    -------
    iterator of ndarray of shape (rows * width * 4,), uint8

    Raises
    ------
    PayloadError, BankError, LimitExceeded
    """
    metadata = payload.parse(data.to_bytes())
    base = np.frombuffer(rgba.to_bytes(), np.uint8).reshape(base_height, base_width, 4)
    alpha = None if metadata.alpha is None else parse_alpha(metadata.alpha, base.shape[:2])
    filters = _filters(metadata, bank_data)
    return map(_flat_rgba, restore_strips(base[..., :3], filters, metadata.shape, alpha, engine()))


def upscale(
    rgba: JsBytes,
    base_width: int,
    base_height: int,
    width: int,
    height: int,
    bank_data: JsBytes,
) -> Iterator[NDArray[np.uint8]]:
    """An ordinary picture, enlarged, in strips as `restore` gives them.

    Parameters
    ----------
    rgba : typed array of length base_height * base_width * 4
        The picture as the browser decoded it, with straight alpha.
    base_width, base_height : int
    width, height : int
        Of the result.
    bank_data : typed array

    Raises
    ------
    BankError, LimitExceeded
    """
    check_sizes((base_height, base_width), (height, width))
    picture = np.frombuffer(rgba.to_bytes(), np.uint8).reshape(base_height, base_width, 4)
    flat, alpha = split_alpha(picture)
    filters = bank.load(bank_data.to_bytes())
    return map(_flat_rgba, restore_strips(flat, filters, (height, width), alpha, engine()))


def _flat_rgba(strip: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, columns, channels = strip.shape
    rgba = np.full((rows, columns, 4), 255, np.uint8)
    # One by one, which takes a sixth of the time.
    for channel in range(channels):
        rgba[..., channel] = strip[..., channel]
    return rgba.reshape(-1)


def _filters(metadata: payload.Metadata, bank_data: JsBytes | None) -> bank.Bank:
    if metadata.bank is None:
        return NO_FILTERS
    if bank_data is None:
        raise BankMismatch(f"the payload asks for bank {metadata.bank}, none was passed")
    return bank.load(bank_data.to_bytes(), metadata.bank)
