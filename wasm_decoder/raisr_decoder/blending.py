"""Blend back towards the bicubic upscale where filtering changed local structure.

Filters trained on sharpened targets overshoot. A pixel is blended back if its census transform
(which neighbours are darker than it) differs between the filtered and the bicubic plane (Romano,
Isidoro, Milanfar, "RAISR: Rapid and Accurate Image Super Resolution", 2016, section IV). FORMAT.md,
section 8.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.color import FRACTION_BITS, round_luma

SHARE_BITS = 7
"""Fraction bits of the bicubic plane's share."""


def blend(
    filtered: NDArray[np.uint8], bicubic: NDArray[np.int16], strength: int
) -> NDArray[np.int16]:
    """Mix two planes by the Hamming distance of their census transforms.

    Parameters
    ----------
    filtered : ndarray of shape (M, N), uint8
    bicubic : ndarray of shape (M, N), int16
        Within 0..255, with `FRACTION_BITS` fraction bits.
    strength : int
        Share of the bicubic plane, in 1/128, for each of the 8 neighbours whose order changed;
        0..255.

    Returns
    -------
    ndarray of shape (M, N), int16
        With `FRACTION_BITS` fraction bits.
    """
    changed = _census(filtered) ^ _census(round_luma(bicubic))
    distance = np.unpackbits(changed[..., None], axis=2).sum(axis=2, dtype=np.int32)
    share = np.minimum(strength * distance, 1 << SHARE_BITS)
    fine = filtered.astype(np.int32) << FRACTION_BITS
    move = ((bicubic - fine) * share + (1 << (SHARE_BITS - 1))) >> SHARE_BITS
    mixed: NDArray[np.int16] = (fine + move).astype(np.int16)
    return mixed


def _census(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A bit for each of the eight neighbours: whether it is darker than the pixel."""
    rows, columns = plane.shape
    padded = np.pad(plane, 1, "edge")
    bits = np.zeros_like(plane)
    for row in range(3):
        for column in range(3):
            if (row, column) != (1, 1):
                neighbour = padded[row : row + rows, column : column + columns]
                bits <<= 1
                bits |= neighbour < plane
    return bits
