"""What encoding a photograph gives, and what was measured on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from raisr_decoder.metadata import Metadata, parse


@dataclass(frozen=True)
class Encoded:
    """A payload or a plain codec's file, and what was measured on it.

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
    score: float
    psnr: float

    @property
    def metadata(self) -> Metadata:
        """What the payload carries.

        Raises
        ------
        MetadataMissing
            It is a plain codec's file.
        """
        return parse(self.payload)
