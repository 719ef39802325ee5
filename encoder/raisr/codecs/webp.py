"""WebP, lossy, by libwebp."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from raisr.codecs.base import BaseCodec
from raisr.images.resampling import lanczos
from raisr.images.writing import save


def webp() -> BaseCodec:
    """WebP as raisr writes its base images."""
    return BaseCodec("webp", (0, 100), 1, save_webp, save_webp, lanczos)


def save_webp(rgb: NDArray[np.uint8], quality: float) -> bytes:
    """A lossy WebP file of an image of shape (M, N, 3), uint8; quality 0..100, whole."""
    return save(rgb, "WEBP", quality=quality, method=6)
