"""PNG: lossless, for images that no artefacts may touch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from raisr.codecs.base import BaseCodec
from raisr.images.resampling import bicubic
from raisr.images.writing import save_png


def png() -> BaseCodec:
    """PNG as raisr writes its base images, downscaled as super-resolution is measured."""
    return BaseCodec("png", (100, 100), 1, _save, _save, bicubic)


def _save(rgb: NDArray[np.uint8], _quality: float) -> bytes:
    return save_png(rgb)
