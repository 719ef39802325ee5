"""AVIF, by libaom."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from raisr.codecs.base import BaseCodec
from raisr.images.resampling import lanczos
from raisr.images.writing import save

FINAL_SPEED, FAST_SPEED = 4, 7
"""Of libaom, 0..10: for the file that is kept, and for those that the search tries."""


def avif() -> BaseCodec:
    """AVIF as raisr writes its base images."""
    return BaseCodec("avif", (0, 99), 50, save_avif, save_avif_fast, lanczos)


def save_avif(rgb: NDArray[np.uint8], quality: float, speed: int = FINAL_SPEED) -> bytes:
    """An AVIF, 4:4:4, of a picture of shape (M, N, 3); quality 0..99, whole or not, speed 0..10."""
    quantizer, boost = _quantization(quality)
    # libaom's tuning for looks spends less on colour in 4:4:4, but sharpens at the cost of
    # fidelity, and moves more bytes to calm areas than pays. Bytes for the same luma PSNR /
    # SSIMULACRA2 against its tuning for SSIM, nine crops at speed 6: as it is -0.5 / -9.6 %, this
    # way -5 / -10 %.
    tuning = {"tune": "iq", "sharpness": "0", "enable-cdef": "1"}
    tuning |= {"cq-level": str(quantizer), "deltaq-strength": str(boost)}
    # Firefox decodes 4:2:0 to other pixels. Speed 5 takes 6 % fewer bytes than 6, and six times as
    # long; 4 takes 2 and 1 % fewer than 5, and 1.4 times as long. Two threads take half the time,
    # and 0.1 to 0.5 % more bytes than one; more change nothing.
    options = {"speed": speed, "subsampling": "4:4:4", "max_threads": 2, "advanced": tuning}
    return save(rgb, "AVIF", **options)


def save_avif_fast(rgb: NDArray[np.uint8], quality: float) -> bytes:
    """As `save_avif`, in a fraction of the time, with a few percent more bytes."""
    return save_avif(rgb, quality, FAST_SPEED)


def save_plain_avif(rgb: NDArray[np.uint8], quality: float) -> bytes:
    """As `save_avif`, as Pillow writes it unless told otherwise: 4:2:0, speed 6."""
    return save(rgb, "AVIF", quality=quality, max_threads=1)


def _quantization(quality: float) -> tuple[int, int]:
    """Quantizer 1..63, and percent of variance boost: what makes a file larger by less than that.

    One quantizer less takes 4 to 10 % more bytes, and 20 % more boost 3 to 14 %, for about the same
    gain per byte.
    """
    whole, fraction = divmod(quality, 1)
    # Whole qualities much as libavif maps them for this tuning, which has fewer quantizers.
    exact = float(np.interp(whole, (0, 34, 99), (63, 47, 1)))
    quantizer = math.ceil(exact)
    return quantizer, round(40 + 20 * (quantizer - exact) + 50 * fraction)
