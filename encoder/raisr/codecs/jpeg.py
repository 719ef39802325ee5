"""JPEG: written by mozjpeg, which comes inside libvips, or as most programs write it."""

from __future__ import annotations

import numpy as np
import pyvips
from numpy.typing import NDArray

from raisr.codecs.base import BaseCodec
from raisr.images.resampling import lanczos
from raisr.images.writing import save


def jpeg() -> BaseCodec:
    """JPEG as raisr writes its base images."""
    return BaseCodec("jpeg", (1, 95), 1, save_jpeg, save_jpeg, lanczos)


def save_jpeg(rgb: NDArray[np.uint8], quality: float) -> bytes:
    """A progressive JPEG file, 4:2:0, by mozjpeg: trellis quantisation, scans of fewest bytes.

    Parameters
    ----------
    rgb : ndarray of shape (M, N, 3), uint8
    quality : float
        1..100, whole.
    """
    rows, columns, bands = rgb.shape
    pixels = np.ascontiguousarray(rgb).data
    image = pyvips.Image.new_from_memory(pixels, columns, rows, bands, "uchar")
    data: bytes = image.jpegsave_buffer(
        Q=quality,
        subsample_mode="on",
        interlace=True,
        optimize_coding=True,
        optimize_scans=True,
        trellis_quant=True,
        # Tables of Peterson, Ahumada and Watson (1993), the best of those that mozjpeg has.
        quant_table=8,
        keep="none",
    )
    return data


def save_plain_jpeg(rgb: NDArray[np.uint8], quality: float) -> bytes:
    """A progressive JPEG file, 4:2:0, by libjpeg-turbo, as most programs write it."""
    return save(rgb, "JPEG", quality=quality, optimize=True, progressive=True, subsampling="4:2:0")
