"""Photograph -> payload."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.alpha import pack_alpha, split_alpha
from raisr_decoder.payload import Record, pack
from raisr_decoder.restore import restore
from raisr_encoder import kernels
from raisr_encoder.bank_store import BankStore
from raisr_encoder.base_codec import BaseCodec, base_codec
from raisr_encoder.errors import TargetUnreachable
from raisr_encoder.image_io import decode_base
from raisr_encoder.metrics import luma_psnr
from raisr_encoder.reduce import reduce_photo


@dataclass(frozen=True)
class Settings:
    """What a payload shall be.

    Attributes
    ----------
    base : str
        Base codec.
    scale : Fraction
        Output size / base size.
    quality : int or None
        Of the base codec; None where the target size decides.
    target_size : int
        Largest size of the payload in bytes; ignored where a quality is given.
    """

    base: str = "jpeg"
    scale: Fraction = Fraction(2)
    quality: int | None = None
    target_size: int = 25_000


@dataclass(frozen=True)
class Encoded:
    """A payload and what was measured on the way."""

    payload: bytes
    record: Record
    quality: int


def encode(photo: NDArray[np.uint8], settings: Settings, banks: BankStore | None = None) -> Encoded:
    """Encode a photograph.

    Parameters
    ----------
    photo : ndarray of shape (M, N, 3), or (M, N, 4) with straight alpha, uint8
    settings : Settings
    banks : BankStore, optional
        Banks to choose from; the shipped ones by default.

    Raises
    ------
    TargetUnreachable, BankMissing, BankError
    """
    banks = banks or BankStore()
    codec = base_codec(settings.base)
    flat, alpha = split_alpha(photo)
    reduced = reduce_photo(flat, settings.scale, codec.reduce)
    packed_alpha = None
    if alpha is not None:
        packed_alpha = pack_alpha(reduce_photo(alpha, settings.scale, codec.reduce))
    rows, columns = flat.shape[:2]
    record = Record(columns, rows, bank=None, psnr=0.0, alpha=packed_alpha)
    quality = settings.quality
    if quality is None:
        quality = highest_quality(
            # A record is as long before its bank and figure are known.
            lambda quality: len(pack(codec.encode(reduced, quality), record)),
            codec,
            settings.target_size,
        )
    base_file = codec.encode(reduced, quality)
    bank = banks.choose(settings.base, settings.scale, quality)
    # Judged over white, where transparency cannot hide an error nor blow one up.
    shown = restore(decode_base(base_file), bank, record.shape, engine=kernels.engine())
    record = replace(record, bank=bank.id, psnr=luma_psnr(shown, flat))
    return Encoded(pack(base_file, record), record, quality)


def highest_quality(size_at: Callable[[int], int], codec: BaseCodec, target_size: int) -> int:
    """The highest quality whose file fits.

    Parameters
    ----------
    size_at : callable
        Bytes of the file at a quality.
    codec : BaseCodec
    target_size : int
        Bytes.

    Raises
    ------
    TargetUnreachable
    """
    lowest, highest = codec.qualities
    smallest = size_at(lowest)
    if smallest > target_size:
        raise TargetUnreachable(target_size, smallest)
    return lowest + bisect_right(range(lowest + 1, highest + 1), target_size, key=size_at)
