"""Which bank upscales an ordinary image: what a page has to know about the banks."""

from fractions import Fraction
from itertools import groupby
from typing import Any

from raisr.bank_store import BankStore
from raisr.upscaling import CLEAN, COMPRESSED
from raisr_decoder.limits import MAX_RATIO
from raisr_decoder.shapes import SCALES

STEP = Fraction(1, 16)
"""Between the scales for which a bank is chosen, from 1 to the largest that the format allows."""


def bank_index(banks: BankStore) -> dict[str, Any]:
    """Ids of the banks for images without (`clean`) and with (`compressed`) artefacts.

    For each, `quality` is what the filters are for; `direct` holds the banks that serve one scale,
    by that scale; `resizing` those that serve any scale, each up to one (`upTo`).
    """
    return {"clean": _choices(banks, *CLEAN), "compressed": _choices(banks, *COMPRESSED)}


def ids_in(index: dict[str, Any]) -> set[str]:
    """All banks that a page may ask for by an index."""
    direct = {bank for kind in index.values() for bank in kind["direct"].values()}
    return direct | {run["bank"] for kind in index.values() for run in kind["resizing"]}


def _choices(banks: BankStore, base: str, quality: int) -> dict[str, Any]:
    direct = {
        f"{float(scale):g}": bank.id
        for scale in SCALES
        if (bank := banks.direct(base, scale)) is not None
    }
    scales = [number * STEP for number in range(int(1 / STEP), int(MAX_RATIO / STEP) + 1)]
    chosen = ((scale, banks.resizing(base, scale).id) for scale in scales)
    resizing = [
        {"upTo": float(max(scale for scale, _ in run)), "bank": bank}
        for bank, run in groupby(chosen, key=lambda choice: choice[1])
    ]
    return {"quality": quality, "direct": direct, "resizing": resizing}
