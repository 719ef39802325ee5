"""Payload -> full picture: what a viewer sees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.alpha import parse_alpha
from raisr_decoder.bank import Bank
from raisr_decoder.payload import Record, parse
from raisr_decoder.restore import NO_FILTERS, Engine, restore
from raisr_encoder import kernels
from raisr_encoder.bank_store import BankStore
from raisr_encoder.image_io import decode_base


def decode(
    payload: bytes, banks: BankStore | None = None, engine: Engine | None = None
) -> NDArray[np.uint8]:
    """Restore a payload.

    Parameters
    ----------
    payload : bytes
    banks : BankStore, optional
        Where to look for the bank; the shipped ones by default.
    engine : Engine, optional
        Numba by default.

    Returns
    -------
    ndarray of shape (M, N, 3), or (M, N, 4) with straight alpha, uint8

    Raises
    ------
    PayloadError, BankError, PictureUnreadable, LimitExceeded
    """
    record = parse(payload)
    bank = find_bank(record, banks or BankStore())
    base = decode_base(payload)
    alpha = None if record.alpha is None else parse_alpha(record.alpha, base.shape[:2])
    return restore(base, bank, record.shape, alpha, engine or kernels.engine())


def find_bank(record: Record, banks: BankStore) -> Bank:
    """The bank that a record asks for.

    Raises
    ------
    BankUnknown, BankError
    """
    return NO_FILTERS if record.bank is None else banks.get(record.bank)
