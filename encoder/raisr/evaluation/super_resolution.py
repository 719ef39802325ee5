"""PSNR of upscaled images, by the protocol of the super-resolution papers.

Luma of MATLAB's rgb2ycbcr (16..235) is cropped to a multiple of the scale, downscaled with the
antialiased bicubic filter, rounded to 8 bits, upscaled, rounded and clipped. PSNR is that of the
image without a border of ceil(scale) pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio

from raisr import kernels
from raisr.errors import ImageTooSmall, WrongScale
from raisr.images.reading import read_photo
from raisr.images.resampling import bicubic
from raisr_decoder.bank import Bank
from raisr_decoder.color import round_luma
from raisr_decoder.filters import Filters
from raisr_decoder.limits import MAX_QUALITY
from raisr_decoder.pipeline import restore_luma, sampling_steps
from raisr_decoder.planes import plane_of
from raisr_decoder.shapes import Shape, scaled_shape


@dataclass(frozen=True)
class Downscaled:
    """A reference image, and what is left of it after downscaling.

    Attributes
    ----------
    reference : ndarray of shape (M, N), float32
        Luma 16..235, not rounded.
    base : ndarray of shape (M / scale, N / scale), uint8
    border : int
        Rows and columns along each edge that do not count.
    """

    reference: NDArray[np.float32]
    base: NDArray[np.uint8]
    border: int

    @property
    def shape(self) -> Shape:
        rows, columns = self.reference.shape
        return rows, columns

    def psnr(self, upscaled: NDArray[np.uint8]) -> float:
        """PSNR in dB of an upscaled plane of shape (M, N); infinite where equal."""
        inner = slice(self.border, -self.border), slice(self.border, -self.border)
        with np.errstate(divide="ignore"):
            return float(
                peak_signal_noise_ratio(self.reference[inner], upscaled[inner], data_range=255)  # type: ignore[no-untyped-call]
            )


@dataclass(frozen=True)
class Score:
    """PSNR in dB of one image, upscaled by a bank and by bicubic interpolation."""

    name: str
    psnr: float
    bicubic_psnr: float


def evaluate(source: Path, scale: Fraction, bank: Bank) -> Score:
    """Measure how well a bank upscales an image.

    Parameters
    ----------
    source : Path
    scale : Fraction
        Above 1.
    bank : Bank
        One that serves this scale.

    Raises
    ------
    InputUnreadable, ImageUnreadable, LimitExceeded, ImageTooSmall
    """
    image = downscale(read_photo(source), scale, source.name)
    upscaled = upscale(image, bank.filters(MAX_QUALITY))
    return Score(source.name, image.psnr(upscaled), image.psnr(upscale_bicubic(image)))


def mean_score(scores: list[Score]) -> Score:
    """Mean of the PSNR of several images, as papers print it."""
    return Score(
        "mean",
        mean(score.psnr for score in scores),
        mean(score.bicubic_psnr for score in scores),
    )


def check_scale(bank: Bank, scale: Fraction) -> None:
    """Refuse a bank that serves only another scale.

    Raises
    ------
    WrongScale
    """
    if bank.scale not in (None, scale):
        raise WrongScale(bank.id, bank.scale, scale)


def downscale(photo: NDArray[np.uint8], scale: Fraction, name: str) -> Downscaled:
    """Luma of an image, cropped and downscaled.

    Parameters
    ----------
    photo : ndarray of shape (M, N, 3), uint8
    scale : Fraction
        Above 1.
    name : str
        For error messages.

    Raises
    ------
    ImageTooSmall
        Nothing is left within the border.
    """
    rows, columns = (size // scale.numerator * scale.numerator for size in photo.shape[:2])
    border = math.ceil(scale)
    smallest = (2 * border // scale.numerator + 1) * scale.numerator
    if min(rows, columns) < smallest:
        raise ImageTooSmall(name, photo.shape[:2], scale, smallest)
    reference = rgb2ycbcr(photo)[:rows, :columns, 0].astype(np.float32)
    base = round_and_clip(bicubic(reference, scaled_shape((rows, columns), 1 / scale)))
    return Downscaled(reference, base, border)


def upscale(image: Downscaled, filters: Filters) -> NDArray[np.uint8]:
    """The base image after the stages of a bank."""
    steps = sampling_steps(image.base.shape, filters, image.shape)
    base, engine = plane_of(image.base), kernels.engine()
    return round_luma(restore_luma(base, filters, image.shape, steps, engine).whole())


def upscale_bicubic(image: Downscaled) -> NDArray[np.uint8]:
    """The base image upscaled as MATLAB's ``imresize`` does it."""
    return round_and_clip(bicubic(image.base.astype(np.float32), image.shape))


def round_and_clip(plane: NDArray[Any]) -> NDArray[np.uint8]:
    """A plane of any range as 8 bits."""
    rounded: NDArray[np.uint8] = np.clip(np.rint(plane), 0, 255).astype(np.uint8)
    return rounded
