"""Bicubic interpolation in integers, for colour and for resize stages: FORMAT.md, section 7.

Keys' cubic kernel with a = -1/2 (Keys, "Cubic Convolution Interpolation for Digital Image
Processing", 1981), which is what MATLAB's ``imresize`` and Pillow use, with the phase rounded
down to 1/1024 pixel so that every weight is an exact integer ratio.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Taps = tuple[NDArray[np.int32], NDArray[np.int32]]
"""Positions and weights, as `taps` returns them."""

TAPS = 4
"""Source samples that an output sample depends on, along each axis."""

WEIGHT_BITS = 12
"""Fraction bits of weights."""

PHASE_BITS = 10
"""Fraction bits of an output sample's position between two source samples."""

STRIP_SAMPLES = 1 << 16
"""Output samples at a time, so that they stay in the cache."""


def taps(size: int, count: int, step: Fraction) -> Taps:
    """Source positions and weights of each output sample along one axis.

    Parameters
    ----------
    size : int
        Number of source samples.
    count : int
        Number of output samples.
    step : Fraction
        Source samples per output sample; output sample `i` has its centre at
        ``(i + 1/2) * step - 1/2``.

    Returns
    -------
    positions : ndarray of shape (count, 4), int32
        Clipped to the source: its edge is repeated.
    weights : ndarray of shape (count, 4), int32
        Rows sum to ``1 << WEIGHT_BITS``.
    """
    numerator, denominator = step.numerator, step.denominator
    centre = (2 * np.arange(count, dtype=np.int64) + 1) * numerator - denominator
    first, rest = np.divmod(centre, 2 * denominator)
    phase = (rest << PHASE_BITS) // (2 * denominator)
    positions = np.clip(first[:, None] + np.arange(-1, 3), 0, size - 1).astype(np.int32)
    return positions, _cubic(phase)


def _cubic(phase: NDArray[np.int64]) -> NDArray[np.int32]:
    one = np.int64(1 << PHASE_BITS)
    square, cube = phase * phase * one, phase**3
    outer = -cube + 2 * square - phase * one * one
    inner = 3 * cube - 5 * square + 2 * one**3
    after = -3 * cube + 4 * square + phase * one * one
    shift = 3 * PHASE_BITS + 1 - WEIGHT_BITS
    half = np.int64(1 << (shift - 1))
    before, near, far = ((weight + half) >> shift for weight in (outer, inner, after))
    last = (1 << WEIGHT_BITS) - before - near - far
    return np.stack([before, near, far, last], axis=1).astype(np.int32)


def resize(plane: NDArray[np.int16], down: Taps, across: Taps) -> NDArray[np.int16]:
    """Bicubic resize, columns first, rounded half up after each axis.

    Parameters
    ----------
    plane : ndarray of shape (M, N), or (M, channels, N), int16
        Values within -16384..16383, so that overshoot stays within int16.
    down, across : (ndarray, ndarray)
        Positions and weights along rows and along columns, as `taps` returns them.

    Returns
    -------
    ndarray of shape (len(down[0]), [channels,] len(across[0])), int16
    """
    narrow = _along_rows(np.ascontiguousarray(plane.T), across)
    return _along_rows(np.ascontiguousarray(narrow.T), down)


def _along_rows(plane: NDArray[np.int16], along: Taps) -> NDArray[np.int16]:
    positions, weights = along
    wide = plane.reshape(len(plane), -1).astype(np.int32)
    result = np.empty((len(positions), wide.shape[1]), np.int16)
    strip = max(1, STRIP_SAMPLES // wide.shape[1])
    for start in range(0, len(positions), strip):
        here = slice(start, start + strip)
        total = wide[positions[here, 0]] * weights[here, :1]
        for tap in range(1, TAPS):
            total += wide[positions[here, tap]] * weights[here, tap : tap + 1]
        total += 1 << (WEIGHT_BITS - 1)
        total >>= WEIGHT_BITS
        result[here] = total
    return result.reshape(-1, *plane.shape[1:])
