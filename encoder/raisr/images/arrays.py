"""Images as people pass them -> pixels as the package works on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from raisr.errors import ImageUnsupported

if TYPE_CHECKING:
    from PIL.Image import Image


def pixels_of(image: NDArray[np.uint8] | Image) -> NDArray[np.uint8]:
    """Pixels of an array or of a PIL image.

    Parameters
    ----------
    image : ndarray of shape (M, N), (M, N, 3) or (M, N, 4), uint8, or PIL image
        sRGB, with straight alpha. Colour profile and orientation of a PIL image are applied.

    Returns
    -------
    ndarray of shape (M, N, 3) or (M, N, 4), uint8

    Raises
    ------
    ImageUnsupported
    """
    if not isinstance(image, np.ndarray):
        return _from_pil(image)
    if image.dtype != np.uint8:
        raise ImageUnsupported(f"an array of {image.dtype}; give uint8, 0..255")
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (3, 4)):
        raise ImageUnsupported(f"an array of shape {image.shape}; give (M, N), (M, N, 3 or 4)")
    if not image.size:
        raise ImageUnsupported("an array without pixels")
    return np.stack([image] * 3, axis=2) if image.ndim == 2 else image


def _from_pil(image: object) -> NDArray[np.uint8]:
    from PIL import Image

    from raisr.images.reading import load_image

    if not isinstance(image, Image.Image):
        raise ImageUnsupported(f"a {type(image).__name__}; give a NumPy array or a PIL image")
    if image.mode.startswith(("I", "F")):
        raise ImageUnsupported(f"a PIL image of mode {image.mode}; convert it to RGB first")
    return load_image(image).pixels
