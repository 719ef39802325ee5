"""An array as the bytes of a file, by Pillow."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from raisr_decoder.alpha import split_alpha

OUTPUT_OPTIONS: Mapping[str, Mapping[str, object]] = {
    "png": {},
    "jpeg": {"quality": 95, "subsampling": "4:4:4"},
    "webp": {"quality": 95},
    "avif": {"quality": 90, "subsampling": "4:4:4"},
}
"""Formats that an output image is written in, as good as makes no difference to the eye."""


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


def save_output(pixels: NDArray[np.uint8], name: str) -> bytes:
    """A file of an output image, for people and programs that do not know payloads.

    Parameters
    ----------
    pixels : ndarray of shape (M, N, 3) or (M, N, 4), uint8
        In JPEG, which knows no transparency, composited on white.
    name : str
        Of the format, one of `OUTPUT_OPTIONS`.
    """
    shown = split_alpha(pixels)[0] if name == "jpeg" else pixels
    return save(shown, name.upper(), **OUTPUT_OPTIONS[name])
