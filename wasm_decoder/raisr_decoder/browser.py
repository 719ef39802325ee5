"""The decoder as a web worker calls it: the only module that knows JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from raisr_decoder import bank
from raisr_decoder.alpha import parse_alpha, split_alpha
from raisr_decoder.engine import NUMPY, Engine
from raisr_decoder.errors import BankMismatch
from raisr_decoder.filters import Filters
from raisr_decoder.metadata import Metadata, parse
from raisr_decoder.pipeline import NO_FILTERS, restore_strips
from raisr_decoder.shapes import check_sizes, scaled_shape


class JsBytes(Protocol):
    """A typed array of JavaScript, as Pyodide passes it."""

    def to_bytes(self) -> bytes: ...


@cache
def engine() -> Engine:
    """Return the compiled engine where it loads, NumPy's otherwise."""
    try:
        from raisr_decoder import compiled

        return compiled.engine()
    except (ImportError, OSError):
        return NUMPY


def describe(payload: JsBytes) -> Any:
    """Read what the metadata of a payload says.

    Parameters
    ----------
    payload : typed array

    Returns
    -------
    JavaScript object
        `width` and `height` of the output image in pixels; `bank`, an id or undefined.

    Raises
    ------
    PayloadError, LimitExceeded
    """
    metadata = parse(payload.to_bytes())
    return _js_object(width=metadata.width, height=metadata.height, bank=metadata.bank)


def decode(
    payload: JsBytes, rgba: JsBytes, base_width: int, base_height: int, bank_data: JsBytes | None
) -> Iterator[NDArray[np.uint8]]:
    """Decode a payload in strips, from top to bottom, each made when it is asked for.

    Parameters
    ----------
    payload : typed array
    rgba : typed array of length base_height * base_width * 4
        The base image as the browser decoded it.
    base_width, base_height : int
        Of the base image, in pixels.
    bank_data : typed array or undefined
        The bank that the metadata asks for.

    Returns
    -------
    iterator of ndarray of shape (rows * width * 4,), uint8
        RGBA.

    Raises
    ------
    PayloadError, BankError, LimitExceeded
    """
    metadata = parse(payload.to_bytes())
    base = _pixels(rgba, base_width, base_height)
    alpha = None if metadata.alpha is None else parse_alpha(metadata.alpha, base.shape[:2])
    filters = _filters(metadata, bank_data)
    return map(_flat_rgba, restore_strips(base[..., :3], filters, metadata.shape, alpha, engine()))


def upscaled_size(width: int, height: int, scale: float) -> Any:
    """Return the size of an ordinary image at another scale, rounded as everywhere.

    Parameters
    ----------
    width, height : int
        Of the image, in pixels.
    scale : float
        Taken as the decimal number that it is written as.

    Returns
    -------
    JavaScript object
        `width` and `height` in pixels.
    """
    rows, columns = scaled_shape((height, width), Fraction(str(scale)))
    return _js_object(width=columns, height=rows)


def upscale(
    rgba: JsBytes,
    base_width: int,
    base_height: int,
    width: int,
    height: int,
    bank_data: JsBytes,
    quality: int,
) -> Iterator[NDArray[np.uint8]]:
    """Upscale an ordinary image, in strips as `decode` makes them.

    Parameters
    ----------
    rgba : typed array of length base_height * base_width * 4
        The image as the browser decoded it, with straight alpha.
    base_width, base_height : int
        Of the image, in pixels.
    width, height : int
        Of the output image, in pixels.
    bank_data : typed array
    quality : int
        What the image was likely compressed with, 0..100.

    Returns
    -------
    iterator of ndarray of shape (rows * width * 4,), uint8
        RGBA.

    Raises
    ------
    BankError, LimitExceeded
    """
    check_sizes((base_height, base_width), (height, width))
    opaque, alpha = split_alpha(_pixels(rgba, base_width, base_height))
    filters = bank.load(bank_data.to_bytes()).filters(quality)
    return map(_flat_rgba, restore_strips(opaque, filters, (height, width), alpha, engine()))


def _js_object(**properties: Any) -> Any:
    """Make a plain JavaScript object; None becomes undefined."""
    from js import Object
    from pyodide.ffi import to_js

    return to_js(properties, dict_converter=Object.fromEntries)


def _pixels(rgba: JsBytes, width: int, height: int) -> NDArray[np.uint8]:
    return np.frombuffer(rgba.to_bytes(), np.uint8).reshape(height, width, 4)


def _flat_rgba(strip: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, columns, channels = strip.shape
    rgba = np.full((rows, columns, 4), 255, np.uint8)
    # Channel by channel, which takes a sixth of the time.
    for channel in range(channels):
        rgba[..., channel] = strip[..., channel]
    return rgba.reshape(-1)


def _filters(metadata: Metadata, bank_data: JsBytes | None) -> Filters:
    if metadata.bank is None:
        return NO_FILTERS
    if bank_data is None:
        raise BankMismatch(f"the payload asks for bank {metadata.bank}, none was passed")
    return bank.load(bank_data.to_bytes(), metadata.bank).filters(metadata.quality)
