"""What encoding a photograph gives, and what was measured on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from raisr_decoder.metadata import Metadata


@dataclass(frozen=True)
class Encoded:
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
    metadata : Metadata
        As the payload carries it.
    score : float
        SSIMULACRA2 of the output image; of one over 3 megapixels, the mean of nine places.
    psnr : float
        Of the output image's luma, in dB.
    """

    base: str
    scale: Fraction
    quality: float
    bank: str | None
    payload: bytes = field(repr=False)
    metadata: Metadata
    score: float
    psnr: float
