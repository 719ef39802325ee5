"""What must hold for every case: it is refused with an error of ours, or decoded.

Both engines give the same pixels, the slow decoder of `reference.py` refuses the same payloads and
banks and expands filters alike, and time and memory stay within bounds.
"""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass
from functools import cache

import reference
from fuzz.mutations import bank_and_payload
from raisr import kernels
from raisr.images.reading import decode_base, stored_shape
from raisr_decoder.alpha import parse_alpha
from raisr_decoder.bank import load
from raisr_decoder.engine import NUMPY
from raisr_decoder.errors import BankMismatch, LimitExceeded, RaisrError
from raisr_decoder.filters import Filters, FilterStage
from raisr_decoder.metadata import Metadata, parse
from raisr_decoder.pipeline import NO_FILTERS, restore
from raisr_decoder.shapes import check_sizes
from support import decode, read_vectors

PIXELS = 1 << 16
"""Of the largest image that is decoded, as decoding 2^27 pixels takes long."""

SECONDS = 2.0
"""Of processor time, which does not depend on how busy the machine is."""

MEMORY = 1 << 29
"""Bytes that one case may add to the peak memory of the process."""


class Finding(AssertionError):
    """A case that does not behave as it must."""


@dataclass(frozen=True)
class Outcome:
    """How a case ended: the class of the error that refused it, or "decoded"."""

    name: str
    seconds: float


def try_case(case: bytes) -> Outcome:
    """Parse and decode a case.

    Raises
    ------
    Finding
    """
    _compile()
    begun, before = time.process_time(), _peak()
    try:
        _decode(*bank_and_payload(case))
        name = "decoded"
    except RaisrError as error:
        name = type(error).__name__
        if not str(error):
            raise Finding(f"{name} says nothing") from error
    seconds = time.process_time() - begun
    if seconds > SECONDS:
        raise Finding(f"{seconds:.1f} seconds of processor time")
    memory = _peak() - before
    if memory > MEMORY:
        raise Finding(f"{memory:,} bytes of memory")
    return Outcome(name, seconds)


def _decode(bank: bytes, payload: bytes) -> None:
    metadata = _parse(payload)
    filters = NO_FILTERS if metadata.bank is None else _filters(bank, metadata)
    size = stored_shape(payload)
    check_sizes(size, metadata.shape)
    pixels = max(size[0] * size[1], metadata.width * metadata.height)
    if pixels > PIXELS:
        raise LimitExceeded("pixels", pixels, PIXELS)
    base = decode_base(payload)
    alpha = None if metadata.alpha is None else parse_alpha(metadata.alpha, base.shape[:2])
    plain = restore(base, filters, metadata.shape, alpha, NUMPY)
    if (plain != restore(base, filters, metadata.shape, alpha, kernels.engine(1))).any():
        raise Finding("the engines differ")


def _parse(payload: bytes) -> Metadata:
    """The metadata; a finding where the slow decoder has another opinion."""
    try:
        expected = reference.parse_payload(payload)
    except ValueError as error:
        parse(payload)
        raise Finding(f"read though {error}") from error
    try:
        metadata = parse(payload)
    except RaisrError as error:
        raise Finding(f"refused without need: {error}") from error
    if (expected.rows, expected.columns) != metadata.shape:
        raise Finding("the decoders read different sizes")
    if expected.quality != metadata.quality:
        raise Finding("the decoders read different qualities")
    return metadata


def _filters(data: bytes, metadata: Metadata) -> Filters:
    """The stages of a bank; a finding where the slow decoder has another opinion."""
    try:
        expected = reference.parse_bank(data)
    except ValueError as error:
        load(data, metadata.bank)
        raise Finding(f"read though {error}") from error
    try:
        filters = load(data, metadata.bank).filters(metadata.quality)
    except BankMismatch:
        raise
    except RaisrError as error:
        raise Finding(f"refused without need: {error}") from error
    noise = reference.noise_at(metadata.quality, expected.knots)
    for slow, stage in zip(expected.stages, filters.stages, strict=True):
        if isinstance(slow, reference.FilterStage) and isinstance(stage, FilterStage):
            for bucket in (0, 2**slow.depth - 1):
                if stage.weights[bucket].T.tolist() != reference.expand(slow, bucket, noise):
                    raise Finding("the decoders expand filters differently")
    return filters


@cache
def _compile() -> None:
    """Let Numba compile all that cases need before any of them is timed."""
    for vector in read_vectors():
        decode(vector, kernels.engine(1))


def _peak() -> int:
    """The most bytes of memory that this process has taken so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
