"""Variants of a payload: encoded, decoded exactly as viewers will see it, and judged."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from statistics import mean

import numpy as np
from numpy.typing import NDArray

from raisr import kernels
from raisr.codecs import BaseCodec
from raisr.encoded import Encoded
from raisr.evaluation.metrics import judged_areas, luma_psnr, ssimulacra2
from raisr.images.downscaling import downscale_photo
from raisr.images.reading import decode_base
from raisr_decoder.alpha import pack_alpha, split_alpha
from raisr_decoder.bank import Bank
from raisr_decoder.filters import Filters
from raisr_decoder.limits import MAX_QUALITY
from raisr_decoder.metadata import Metadata, pack
from raisr_decoder.pipeline import NO_FILTERS, restore


class ReferenceImage:
    """The photograph that payloads are made of and judged against.

    Parameters
    ----------
    photo : ndarray of shape (M, N, 3), or (M, N, 4) with straight alpha, uint8
    """

    def __init__(self, photo: NDArray[np.uint8]) -> None:
        # Judged composited on white, where transparency neither hides nor inflates an error.
        self.flat, self.alpha = split_alpha(photo)
        self.shape: tuple[int, int] = self.flat.shape[:2]
        # The kernels use every core; not all of Numba's threading layers allow two at a time.
        self.decoding = threading.Lock()


class BaseImages:
    """Base images of one scale and base codec, at any quality.

    Parameters
    ----------
    reference : ReferenceImage
    codec : BaseCodec
    scale : Fraction
    fast : bool
        Whether the codec's fast encoder makes the files.
    """

    def __init__(
        self, reference: ReferenceImage, codec: BaseCodec, scale: Fraction, fast: bool = False
    ) -> None:
        self.reference, self.codec, self.scale = reference, codec, scale
        self._encode = codec.encode_fast if fast else codec.encode
        self._files: dict[float, bytes] = {}
        self._encoding = threading.Lock()

    @cached_property
    def final(self) -> BaseImages:
        """Those of the final pass."""
        if self._encode is self.codec.encode:
            return self
        return BaseImages(self.reference, self.codec, self.scale)

    def file(self, quality: float) -> bytes:
        """A base image without metadata."""
        # The plain codec and filters at scale 1 often ask for the same file at the same time.
        with self._encoding:
            if quality not in self._files:
                self._files[quality] = self._encode(self._downscaled, quality)
            return self._files[quality]

    def size(self, quality: float) -> int:
        """Bytes of the payload, with whatever bank."""
        return len(pack(self.file(quality), self.metadata))

    def near(self, size: int) -> int | None:
        """Of the qualities that have a file, the one of about so many bytes, as a whole one."""
        files = self._files.items()
        nearest = min(files, key=lambda item: abs(math.log(len(item[1]) / size)), default=None)
        return None if nearest is None else math.floor(nearest[0])

    @cached_property
    def metadata(self) -> Metadata:
        """Metadata of the length that the final one will have, whatever it will say."""
        rows, columns = self.reference.shape
        packed = None
        if self.reference.alpha is not None:
            packed = pack_alpha(
                downscale_photo(self.reference.alpha, self.scale, self.codec.downscale)
            )
        return Metadata(columns, rows, quality=0, bank=None, psnr=0.0, score=0.0, alpha=packed)

    @cached_property
    def _downscaled(self) -> NDArray[np.uint8]:
        return downscale_photo(self.reference.flat, self.scale, self.codec.downscale)


class Variant:
    """A base codec and a scale, with filters or without, at any quality.

    Parameters
    ----------
    images : BaseImages
    bank : Bank or None
        That of the base codec and scale; None for the plain codec.
    """

    def __init__(self, images: BaseImages, bank: Bank | None) -> None:
        self.images, self.bank = images, bank
        self._trials: dict[float, Trial] = {}

    @cached_property
    def final(self) -> Variant:
        """The same variant of the final pass."""
        final = self.images.final
        return self if final is self.images else Variant(final, self.bank)

    @property
    def fast(self) -> bool:
        """Whether it belongs to a fast pass, so that a final pass makes it better."""
        return self.final is not self

    def trial(self, quality: float) -> Trial:
        """The trial of a quality, the same one whenever it is asked for."""
        return self._trials.setdefault(quality, Trial(self, quality))


@dataclass(frozen=True, eq=False)
class Trial:
    """A variant at one quality; nothing is measured before it is asked for."""

    variant: Variant
    quality: float
    _measured: dict[str, float] = field(default_factory=dict, init=False, repr=False)

    @property
    def size(self) -> int:
        """Bytes of the payload."""
        return self.variant.images.size(self.quality)

    # Not cached properties: those of Python 3.11 let no two threads measure at the same time.

    @property
    def psnr(self) -> float:
        """PSNR of the output image's luma, in dB."""
        if "psnr" not in self._measured:
            reference = self.variant.images.reference
            self._measured["psnr"] = luma_psnr(self._decoded(), reference.flat)
        return self._measured["psnr"]

    @property
    def score(self) -> float:
        """SSIMULACRA2 of the output image; of a large one the mean of nine places."""
        if "score" not in self._measured:
            shown, reference = self._decoded(), self.variant.images.reference
            areas = judged_areas(reference.shape)
            self._measured["score"] = mean(
                ssimulacra2(shown[area], reference.flat[area]) for area in areas
            )
        return self._measured["score"]

    @property
    def stated_quality(self) -> int:
        """The whole quality that metadata states, and that the filters are for."""
        return min(max(round(self.quality), 0), MAX_QUALITY)

    def encoded(self) -> Encoded:
        """The payload and all that was measured."""
        images = self.variant.images
        bank = None if self.variant.bank is None else self.variant.bank.id
        metadata = replace(
            images.metadata,
            quality=self.stated_quality,
            bank=bank,
            psnr=self.psnr,
            score=self.score,
        )
        return Encoded(
            base=images.codec.name,
            scale=images.scale,
            quality=self.quality,
            bank=bank,
            payload=pack(images.file(self.quality), metadata),
            score=self.score,
            psnr=self.psnr,
        )

    def _decoded(self) -> NDArray[np.uint8]:
        """What viewers see, composited on white: shape (M, N, 3), uint8."""
        images = self.variant.images
        base = decode_base(images.file(self.quality))
        bank = self.variant.bank
        filters = NO_FILTERS if bank is None else _filters(bank, self.stated_quality)
        with images.reference.decoding:
            return restore(base, filters, images.reference.shape, engine=kernels.engine())


@lru_cache(maxsize=8)
def _filters(bank: Bank, quality: int) -> Filters:
    """Of the trials of a moment: they take a few milliseconds to expand, and a few megabytes."""
    return bank.filters(quality)
