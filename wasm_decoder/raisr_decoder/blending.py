"""Back towards the cheap upscale where filtering changed local structure.

Filters trained on sharpened targets overshoot; a pixel whose census (which neighbours are darker
than it) differs between the filtered and the cheaply upscaled plane is blended back (Romano,
Isidoro, Milanfar, 2016, section IV).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.color import FRACTION_BITS, round_luma

SHARE_BITS = 7


def blend(
    filtered: NDArray[np.uint8], cheap: NDArray[np.int16], strength: int
) -> NDArray[np.int16]:
    """Mix two planes by the distance of their census.

    Parameters
    ----------
    filtered : ndarray of shape (M, N), uint8
    cheap : ndarray of shape (M, N), int16
        Within 0..255, with `FRACTION_BITS` fraction bits.
    strength : int
        Share of the cheap plane in 1/128 for each neighbour (of 8) whose order changed.

    Returns
    -------
    ndarray of shape (M, N), int16
        With `FRACTION_BITS` fraction bits.
    """
    changed = _census(filtered) ^ _census(round_luma(cheap))
    distance = np.unpackbits(changed[..., None], axis=2).sum(axis=2, dtype=np.int32)
    share = np.minimum(strength * distance, 1 << SHARE_BITS)
    fine = filtered.astype(np.int32) << FRACTION_BITS
    move = ((cheap - fine) * share + (1 << (SHARE_BITS - 1))) >> SHARE_BITS
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
