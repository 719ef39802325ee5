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
"""Rows and columns that the output block of a cell may have."""

SCALES = tuple(Fraction(block, CELL) for block in BLOCKS)
"""Scales that a direct bank, one that starts with a filter stage, may have."""


def base_shape(shape: Shape, scale: Fraction) -> Shape:
    """Rows and columns of the base image of an output image, at the scale of a direct bank.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the output image.
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


def scale_between(base: Shape, shape: Shape) -> Fraction:
    """The scale between a base image and its output image, as far as their sizes tell it.

    Parameters
    ----------
    base, shape : (int, int)
        Rows and columns of the base image, and of the output image.

    Returns
    -------
    Fraction
        One of `SCALES` where it gives these sizes, else the quotient of the rows.
    """
    alike = (scale for scale in SCALES if base_shape(shape, scale) == base)
    return next(alike, Fraction(shape[0], base[0]))


def check_sizes(base: Shape, shape: Shape) -> None:
    """Refuse an output image that is too large, or too large or small for its base image.

    Parameters
    ----------
    base, shape : (int, int)
        Rows and columns of the base image, and of the output image.

    Raises
    ------
    LimitExceeded
        One of the images has more than `MAX_PIXELS`, or their rows or columns are more than
        `MAX_RATIO` times as many as the other's.
    """
    for name, (rows, columns) in {"base": base, "output": shape}.items():
        if rows * columns > MAX_PIXELS:
            raise LimitExceeded(f"pixels of the {name} image", rows * columns, MAX_PIXELS)
    for one, other in zip(base, shape, strict=True):
        if max(one, other) > MAX_RATIO * min(one, other):
            ratio = -(-max(one, other) // min(one, other))
            raise LimitExceeded("ratio of the output and base image's sides", ratio, MAX_RATIO)
