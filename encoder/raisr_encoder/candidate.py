"""One way to send a photograph, restored exactly as viewers will see it, and judged."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from statistics import mean

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.alpha import pack_alpha, split_alpha
from raisr_decoder.bank import Bank
from raisr_decoder.payload import Record, pack
from raisr_decoder.restore import NO_FILTERS, restore
from raisr_encoder import kernels
from raisr_encoder.bank_store import BankStore
from raisr_encoder.base_codec import BaseCodec
from raisr_encoder.image_io import decode_base
from raisr_encoder.metrics import judged_areas, luma_psnr, ssimulacra2
from raisr_encoder.reduce import reduce_photo


@dataclass(frozen=True)
class Candidate:
    """A payload and what was measured on it.

    Attributes
    ----------
    base : str
        Base codec.
    scale : Fraction
        Output size / base size.
    quality : float
        Of the base codec.
    bank : str or None
        Id of the bank; None is the plain codec.
    payload : bytes
    record : Record
        As the payload carries it.
    score : float
        SSIMULACRA2 of the restored picture; of one over 3 megapixels, the mean of nine places.
    psnr : float
        Of its luma, in dB.
    """

    base: str
    scale: Fraction
    quality: float
    bank: str | None
    payload: bytes = field(repr=False)
    record: Record
    score: float
    psnr: float


class Original:
    """The photograph that candidates are made of and judged against.

    Parameters
    ----------
    photo : ndarray of shape (M, N, 3), or (M, N, 4) with straight alpha, uint8
    """

    def __init__(self, photo: NDArray[np.uint8]) -> None:
        # Judged over white, where transparency cannot hide an error nor blow one up.
        self.flat, self.alpha = split_alpha(photo)
        self.shape: tuple[int, int] = self.flat.shape[:2]
        # The kernels use every core; not all of Numba's threading layers allow two at a time.
        self.restoring = threading.Lock()


class BasePictures:
    """The photograph at one scale as files of a base codec: what differs is the quality.

    Parameters
    ----------
    original : Original
    codec : BaseCodec
    scale : Fraction
    draft : bool
        Whether the codec's quick twin makes the files.
    """

    def __init__(
        self, original: Original, codec: BaseCodec, scale: Fraction, draft: bool = False
    ) -> None:
        self.original, self.codec, self.scale = original, codec, scale
        self._encode = codec.draft if draft else codec.encode
        self._files: dict[float, bytes] = {}
        self._encoding = threading.Lock()

    @cached_property
    def final(self) -> BasePictures:
        """As the codec makes them when it takes its time."""
        if self._encode is self.codec.encode:
            return self
        return BasePictures(self.original, self.codec, self.scale)

    def file(self, quality: float) -> bytes:
        """A base picture without a record."""
        # The plain codec and filters at scale 1 often ask for the same file at the same time.
        with self._encoding:
            if quality not in self._files:
                self._files[quality] = self._encode(self._reduced, quality)
            return self._files[quality]

    def size(self, quality: float) -> int:
        """Bytes of the payload, with whatever bank."""
        return len(pack(self.file(quality), self.record))

    def near(self, size: int) -> int | None:
        """Of the qualities that have a file, the one of about so many bytes, as a whole one."""
        files = self._files.items()
        nearest = min(files, key=lambda item: abs(math.log(len(item[1]) / size)), default=None)
        return None if nearest is None else math.floor(nearest[0])

    @cached_property
    def record(self) -> Record:
        """As long as the final one, whatever that will say."""
        rows, columns = self.original.shape
        packed = None
        if self.original.alpha is not None:
            packed = pack_alpha(reduce_photo(self.original.alpha, self.scale, self.codec.reduce))
        return Record(columns, rows, bank=None, psnr=0.0, score=0.0, alpha=packed)

    @cached_property
    def _reduced(self) -> NDArray[np.uint8]:
        return reduce_photo(self.original.flat, self.scale, self.codec.reduce)


class Way:
    """Base pictures, and how they are restored: what differs is the quality.

    Parameters
    ----------
    pictures : BasePictures
    banks : BankStore or None
        None where nothing restores them: the plain codec.
    """

    def __init__(self, pictures: BasePictures, banks: BankStore | None) -> None:
        self.pictures, self.banks = pictures, banks
        self._trials: dict[float, Trial] = {}

    @cached_property
    def final(self) -> Way:
        """With the codec at its best."""
        final = self.pictures.final
        return self if final is self.pictures else Way(final, self.banks)

    @property
    def draft(self) -> bool:
        """Whether it gains by being finished."""
        return self.final is not self

    def trial(self, quality: float) -> Trial:
        """The bank that gives the best PSNR at a quality."""
        if quality not in self._trials:
            self._trials[quality] = max(self._variants(quality), key=lambda trial: trial.psnr)
        return self._trials[quality]

    def _variants(self, quality: float) -> list[Trial]:
        if self.banks is None:
            return [Trial(self, quality, None)]
        codec, scale = self.pictures.codec, self.pictures.scale
        banks = self.banks.candidates(codec.name, scale, quality)
        return [Trial(self, quality, bank) for bank in banks]


@dataclass(frozen=True, eq=False)
class Trial:
    """A way at one quality with one bank; nothing is measured before it is asked for."""

    way: Way
    quality: float
    bank: Bank | None
    _measured: dict[str, float] = field(default_factory=dict, init=False, repr=False)

    @property
    def size(self) -> int:
        """Bytes of the payload."""
        return self.way.pictures.size(self.quality)

    # Not cached properties: those of Python 3.11 let no two threads measure at the same time.

    @property
    def psnr(self) -> float:
        """Of restored luma, in dB."""
        if "psnr" not in self._measured:
            original = self.way.pictures.original
            self._measured["psnr"] = luma_psnr(self._shown(), original.flat)
        return self._measured["psnr"]

    @property
    def score(self) -> float:
        """SSIMULACRA2 of the restored picture, of a large one the mean of nine places."""
        if "score" not in self._measured:
            shown, original = self._shown(), self.way.pictures.original
            areas = judged_areas(original.shape)
            self._measured["score"] = mean(
                ssimulacra2(shown[area], original.flat[area]) for area in areas
            )
        return self._measured["score"]

    def candidate(self) -> Candidate:
        """All of it, with the payload."""
        pictures = self.way.pictures
        bank = None if self.bank is None else self.bank.id
        record = replace(pictures.record, bank=bank, psnr=self.psnr, score=self.score)
        return Candidate(
            base=pictures.codec.name,
            scale=pictures.scale,
            quality=self.quality,
            bank=bank,
            payload=pack(pictures.file(self.quality), record),
            record=record,
            score=self.score,
            psnr=self.psnr,
        )

    def _shown(self) -> NDArray[np.uint8]:
        """What viewers see, over white: shape (M, N, 3), uint8."""
        pictures = self.way.pictures
        base = decode_base(pictures.file(self.quality))
        bank = NO_FILTERS if self.bank is None else self.bank
        with pictures.original.restoring:
            return restore(base, bank, pictures.original.shape, engine=kernels.engine())
