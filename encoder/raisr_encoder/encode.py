"""Photograph -> payload."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from raisr_encoder.bank_store import BankStore
from raisr_encoder.candidate import Candidate
from raisr_encoder.search import search
from raisr_encoder.settings import Settings

__all__ = ["Candidate", "Settings", "encode"]


def encode(
    photo: NDArray[np.uint8], settings: Settings, banks: BankStore | None = None
) -> Candidate:
    """Encode a photograph: `search` under the name that the rest of the world knows."""
    return search(photo, settings, banks)
