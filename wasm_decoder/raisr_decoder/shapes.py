"""Sizes of images: how those of the base and the output image depend on each other.

The one place where a size is rounded. Every size is (rows, columns).
"""

from __future__ import annotations

from fractions import Fraction

from raisr_decoder.cells import CELL
from raisr_decoder.errors import LimitExceeded
from raisr_decoder.limits import MAX_PIXELS, MAX_RATIO

Shape = tuple[int, int]

BLOCKS = (2, 3, 4, 5, 6, 8)
"""Rows and columns that an output block may have."""

SCALES = tuple(Fraction(block, CELL) for block in BLOCKS)
"""Output size / base size that direct banks may have."""


def base_shape(shape: Shape, scale: Fraction) -> Shape:
    """Rows and columns of the base image of an output image, at the scale of a direct bank.

    Parameters
    ----------
    shape : (int, int)
        Of the output image.
    scale : Fraction
        Output size / base size.

    Returns
    -------
    (int, int)
        Rounded up.
    """
    rows, columns = (-(-size // scale) for size in shape)
    return int(rows), int(columns)


def scaled_shape(shape: Shape, scale: Fraction) -> Shape:
    """Rows and columns of an image at another scale.

    Parameters
    ----------
    shape : (int, int)
    scale : Fraction

    Returns
    -------
    (int, int)
        Rounded half up, at least one.

    Examples
    --------
    >>> scaled_shape((221, 335), Fraction(3, 2))
    (332, 503)
    """
    rows, columns = (max(1, int(size * scale + Fraction(1, 2))) for size in shape)
    return rows, columns


def scale_between(small: Shape, shape: Shape) -> Fraction:
    """The scale between a base image and its output image, as far as their sizes tell it.

    Parameters
    ----------
    small, shape : (int, int)
        Of the base image, and of the output image.
    """
    alike = (scale for scale in SCALES if base_shape(shape, scale) == small)
    return next(alike, Fraction(shape[0], small[0]))


def check_sizes(small: Shape, shape: Shape) -> None:
    """Make sure that a full picture can be restored from a base picture of that size.

    Raises
    ------
    LimitExceeded
    """
    for name, (rows, columns) in {"base": small, "full": shape}.items():
        if rows * columns > MAX_PIXELS:
            raise LimitExceeded(f"pixels of the {name} picture", rows * columns, MAX_PIXELS)
    for one, other in zip(small, shape, strict=True):
        if max(one, other) > MAX_RATIO * min(one, other):
            ratio = -(-max(one, other) // min(one, other))
            raise LimitExceeded("ratio of full and base picture's sides", ratio, MAX_RATIO)
