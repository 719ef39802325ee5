"""Payload -> output image: what a viewer sees."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from raisr.bank_store import BankStore
from raisr.engines import fastest
from raisr.images.reading import decode_base, stored_shape
from raisr_decoder.alpha import parse_alpha
from raisr_decoder.engine import Engine
from raisr_decoder.errors import LimitExceeded
from raisr_decoder.filters import Filters
from raisr_decoder.limits import MAX_PIXELS
from raisr_decoder.metadata import Metadata, parse
from raisr_decoder.pipeline import NO_FILTERS, restore
from raisr_decoder.shapes import check_sizes


@dataclass(frozen=True)
class Limits:
    """What a payload of unknown origin may cost; by default what the format allows.

    Attributes
    ----------
    pixels : int
        Of the base image and of the output image, each; checked before any pixel is decoded.
    seconds : float
        That the filters take; checked between two strips.
    """

    pixels: int = MAX_PIXELS
    seconds: float = math.inf


def decode(
    payload: bytes,
    banks: BankStore | None = None,
    engine: Engine | None = None,
    limits: Limits | None = None,
) -> NDArray[np.uint8]:
    """Decode a payload.

    Parameters
    ----------
    payload : bytes
    banks : BankStore, optional
        Where to look for the bank; the shipped ones by default.
    engine : Engine, optional
        The fastest by default.
    limits : Limits, optional

    Returns
    -------
    ndarray of shape (M, N, 3), or (M, N, 4) with straight alpha, uint8

    Raises
    ------
    PayloadError, BankError, ImageUnreadable, LimitExceeded
    """
    limits = limits or Limits()
    metadata = parse(payload)
    small = stored_shape(payload)
    check_sizes(small, metadata.shape)
    for name, (rows, columns) in {"base": small, "output": metadata.shape}.items():
        if rows * columns > limits.pixels:
            raise LimitExceeded(f"pixels of the {name} image", rows * columns, limits.pixels)
    filters = filters_of(metadata, banks or BankStore())
    base = decode_base(payload)
    alpha = None if metadata.alpha is None else parse_alpha(metadata.alpha, base.shape[:2])
    timed = _within(limits.seconds, engine or fastest())
    return restore(base, filters, metadata.shape, alpha, timed)


def filters_of(metadata: Metadata, banks: BankStore) -> Filters:
    """The filters that metadata asks for.

    Raises
    ------
    BankUnknown, BankError
    """
    if metadata.bank is None:
        return NO_FILTERS
    return banks.get(metadata.bank).filters(metadata.quality)


def _within(seconds: float, engine: Engine) -> Engine:
    """The engine, with a `map` that begins nothing any more when the time is over."""
    begun = time.monotonic()

    def timely(function: Callable[..., Any], items: Iterable[Any]) -> Iterator[Any]:
        def step(item: Any) -> Any:
            spent = time.monotonic() - begun
            if spent > seconds:
                raise LimitExceeded("seconds of filtering", math.ceil(spent), math.floor(seconds))
            return function(item)

        return engine.map(step, items)

    return replace(engine, map=timely)
