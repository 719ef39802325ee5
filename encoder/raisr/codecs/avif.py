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
    """An AVIF file, 4:4:4, as Firefox decodes 4:2:0 to other pixels than Pillow does.

    Parameters
    ----------
    rgb : ndarray of shape (M, N, 3), uint8
    quality : float
        0..99, whole or not.
    speed : int, optional
        Of libaom, 0..10.
    """
    quantizer, boost = _quantization(quality)
    # libaom's tuning for looks, without the sharpening that costs fidelity.
    tuning = {"tune": "iq", "sharpness": "0", "enable-cdef": "1"}
    tuning |= {"cq-level": str(quantizer), "deltaq-strength": str(boost)}
    # More than two threads change nothing.
    options = {"speed": speed, "subsampling": "4:4:4", "max_threads": 2, "advanced": tuning}
    return save(rgb, "AVIF", **options)


def save_avif_fast(rgb: NDArray[np.uint8], quality: float) -> bytes:
    """As `save_avif`, in a fraction of the time, with a few percent more bytes."""
    return save_avif(rgb, quality, FAST_SPEED)


def save_plain_avif(rgb: NDArray[np.uint8], quality: float) -> bytes:
    """An AVIF file as Pillow writes it by default: 4:2:0, speed 6."""
    return save(rgb, "AVIF", quality=quality, max_threads=1)


def _quantization(quality: float) -> tuple[int, int]:
    """Quantizer 1..63, and percent of variance boost, which makes steps between two quantizers."""
    whole, fraction = divmod(quality, 1)
    # Whole qualities much as libavif maps them for this tuning, which has fewer quantizers.
    exact = float(np.interp(whole, (0, 34, 99), (63, 47, 1)))
    quantizer = math.ceil(exact)
    return quantizer, round(40 + 20 * (quantizer - exact) + 50 * fraction)
