"""Which bank upscales an ordinary image: what a page has to know about the banks."""

from fractions import Fraction
from itertools import groupby
from typing import Any

from raisr.bank_store import BankStore
from raisr.errors import BankMissing
from raisr.upscaling import CLEAN, COMPRESSED
from raisr_decoder.limits import MAX_RATIO
from raisr_decoder.shapes import SCALES

STEP = Fraction(1, 16)
"""Between the scales for which a bank is chosen, from 1 to the largest that the format allows."""


def bank_index(banks: BankStore) -> dict[str, Any]:
    """Ids of the banks for images without (`clean`) and with (`compressed`) artefacts.

    For each, `direct` holds the banks that serve one scale, by that scale; `resizing` those that
    serve any scale, each up to one (`upTo`).
    """
    return {"clean": _choices(banks, *CLEAN), "compressed": _choices(banks, *COMPRESSED)}


def ids_in(index: dict[str, Any]) -> set[str]:
    """All banks that a page may ask for by an index."""
    direct = {bank for kind in index.values() for bank in kind["direct"].values()}
    return direct | {run["bank"] for kind in index.values() for run in kind["resizing"]}


def _choices(banks: BankStore, base: str, quality: int) -> dict[str, Any]:
    direct = {}
    for scale in SCALES:
        try:
            direct[f"{float(scale):g}"] = banks.choose(base, scale, quality).id
        except BankMissing:
            continue
    scales = [number * STEP for number in range(int(1 / STEP), int(MAX_RATIO / STEP) + 1)]
    chosen = ((scale, banks.choose_upsample_first(base, scale, quality).id) for scale in scales)
    resizing = [
        {"upTo": float(max(scale for scale, _ in run)), "bank": bank}
        for bank, run in groupby(chosen, key=lambda choice: choice[1])
    ]
    return {"direct": direct, "resizing": resizing}
