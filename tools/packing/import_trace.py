"""Runs in Pyodide: do all that a page may ask of the decoder, failures included.

The modules that this imports are the ones that visitors download.
"""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
from pathlib import Path

import numpy as np

import raisr_decoder
from raisr_decoder import browser
from raisr_decoder.alpha import pack_alpha, parse_alpha
from raisr_decoder.bank import Bank, load
from raisr_decoder.engine import NUMPY
from raisr_decoder.errors import RaisrError
from raisr_decoder.metadata import Metadata, pack, parse
from raisr_decoder.pipeline import restore

SIDE = 16
QUALITY = 50
# Enough of a PNG file to carry metadata; its pixels are decoded by the browser.
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + bytes(13 + 4) + b"\0\0\0\0IEND" + bytes(4)


def trace_imports(banks: str) -> None:
    """Import every module, decode an image with a bank of each kind, and parse damaged payloads."""
    for module in pkgutil.iter_modules(raisr_decoder.__path__):
        importlib.import_module(f"raisr_decoder.{module.name}")
    loaded = [load(path.read_bytes(), path.stem) for path in sorted(Path(banks).glob("*.bank"))]
    for bank in {kind_of(bank): bank for bank in loaded}.values():
        decode_with(bank)
    for broken in (b"", PNG, PNG[:20]):
        with contextlib.suppress(RaisrError):
            parse(broken)


def kind_of(bank: Bank) -> tuple[object, ...]:
    """What is alike for banks whose stages run the same code."""
    return tuple((type(stage), getattr(stage, "block", None)) for stage in bank.stages)


def decode_with(bank: Bank) -> None:
    """Decode a gray image, opaque and with alpha, by each engine, as a page does."""
    filters = bank.filters(QUALITY)
    side = int(SIDE * (filters.scale or 2))
    base = np.full((SIDE, SIDE, 3), 128, np.uint8)
    opacity = pack_alpha(base[..., 0])
    for alpha in (None, opacity):
        metadata = parse(pack(PNG, Metadata(side, side, QUALITY, bank.id, alpha=alpha)))
        plane = None if metadata.alpha is None else parse_alpha(metadata.alpha, base.shape[:2])
        for engine in (NUMPY, browser.engine()):
            restore(base, filters, metadata.shape, plane, engine)
