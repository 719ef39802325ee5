"""An array as the bytes of a file, by Pillow."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def save(pixels: NDArray[np.uint8], container: str, **options: object) -> bytes:
    """A file of an image.

    Parameters
    ----------
    pixels : ndarray of shape (M, N), (M, N, 3) or (M, N, 4), uint8
    container : str
        As Pillow names it.
    **options
        Of Pillow's writer.
    """
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, container, **options)
    return stream.getvalue()


def save_png(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG file of an image of shape (M, N), (M, N, 3) or (M, N, 4), uint8."""
    return save(pixels, "PNG")
