"""Luma of RGB, and filtered luma back into RGB without a round trip through chroma.

The filters work on luma alone. The difference between each colour channel and the rounded luma is
kept, resized and added to the filtered luma, so an image that the filters leave alone comes out
unchanged to the bit. FORMAT.md, section 4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FRACTION_BITS = 6
"""Fraction bits of a plane (int16) between the last stage and the last rounding."""


def luma(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Full-range BT.601 luma of an image.

    Parameters
    ----------
    rgb : ndarray of shape (M, N, 3), uint8

    Returns
    -------
    ndarray of shape (M, N), uint8
        ``(77 R + 150 G + 29 B + 128) >> 8``; gray pixels keep their value.
    """
    red, green, blue = (rgb[..., channel].astype(np.uint16) for channel in range(3))
    return ((77 * red + 150 * green + 29 * blue + 128) >> 8).astype(np.uint8)


def differences(rgb: NDArray[np.uint8], luma: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Colour channels minus luma.

    Parameters
    ----------
    rgb : ndarray of shape (M, N, 3), uint8
    luma : ndarray of shape (M, N), uint8

    Returns
    -------
    ndarray of shape (M, 3, N), int16
        -255..255; each row holds one line of each channel.
    """
    lines = np.empty((len(rgb), 3, rgb.shape[1]), np.int16)
    lines[:] = rgb.transpose(0, 2, 1)
    lines -= luma[:, None]
    return lines


def round_luma(luma: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Round filtered luma half up.

    Parameters
    ----------
    luma : ndarray of shape (M, N), int16
        Within 0..255, with `FRACTION_BITS` fraction bits.

    Returns
    -------
    ndarray of shape (M, N), uint8
    """
    return ((luma + np.int16(1 << (FRACTION_BITS - 1))) >> FRACTION_BITS).astype(np.uint8)


def compose(luma: NDArray[np.int16], differences: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Add resized differences to filtered luma, round half up and clip.

    Parameters
    ----------
    luma : ndarray of shape (M, N), int16
    differences : ndarray of shape (M, 3, N), int16
        Both with `FRACTION_BITS` fraction bits.

    Returns
    -------
    ndarray of shape (M, N, 3), uint8
    """
    rgb = np.empty((*luma.shape, 3), np.uint8)
    # Differences overshoot by up to 9/16; taken from the middle of the range, sums still fit int16.
    middle = 1 << 7
    centred = luma + np.int16((1 << (FRACTION_BITS - 1)) - (middle << FRACTION_BITS))
    for channel in range(3):
        total = (centred + differences[:, channel]) >> FRACTION_BITS
        rgb[..., channel] = np.clip(total, -middle, 255 - middle) + middle
    return rgb
