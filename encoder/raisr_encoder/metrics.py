"""How close a picture is to its original."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import peak_signal_noise_ratio

from raisr_decoder.color import luma


def luma_psnr(picture: NDArray[np.uint8], original: NDArray[np.uint8]) -> float:
    """PSNR of full-range luma in dB of pictures of shape (M, N, 3); infinite where equal."""
    return plane_psnr(luma(picture), luma(original))


def plane_psnr(plane: NDArray[np.uint8], original: NDArray[np.uint8]) -> float:
    """PSNR in dB of planes of shape (M, N); infinite where equal."""
    planes = original, plane
    with np.errstate(divide="ignore"):
        return float(peak_signal_noise_ratio(*planes, data_range=255))  # type: ignore[no-untyped-call]
