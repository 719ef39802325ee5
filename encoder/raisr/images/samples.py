"""Samples of every depth as 8 bits, rounded, where Pillow alone would cut them off."""

from __future__ import annotations

import io
import sys

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile, TiffImagePlugin

from raisr.errors import ImageUnreadable

# Pillow reads only the upper byte of 16-bit colours. Read once more in the other byte order, the
# same pixels give the lower byte. (";16N" is the order of this machine; "LA;16B" has no layout of
# the other order, but read as four bytes a pixel it shows both bytes of both samples.)
_LOWER_BYTES = {
    "RGB;16B": "RGB;16L",
    "RGB;16L": "RGB;16B",
    "RGBX;16B": "RGBX;16L",
    "RGBX;16L": "RGBX;16B",
    "RGBA;16B": "RGBA;16L",
    "RGBA;16L": "RGBA;16B",
    "CMYK;16B": "CMYK;16L",
    "CMYK;16L": "CMYK;16B",
    "LA;16B": "RGBA",
}


def eight_bit(image: ImageFile.ImageFile, data: bytes, name: str) -> Image.Image:
    """Load `image` with 8-bit samples, rounded from wider ones; a transparent colour becomes alpha.

    Parameters
    ----------
    image : Image
        Freshly opened.
    data : bytes
        The file it is from.
    name : str
    """
    rawmode = _rawmode(image)
    _refuse_unsupported(image, rawmode, name)
    image.load()
    key = image.info.get("transparency")
    maximum = 65535
    if image.mode.startswith("I"):
        samples = np.asarray(image).astype(np.uint32)
        if rawmode == "I;12":
            maximum = 4095
        if _tag(image, ExifTags.Base.PhotometricInterpretation) == 0:
            samples = maximum - samples  # White is zero, which Pillow overlooks here.
    elif rawmode in _LOWER_BYTES:
        samples = _sixteen_bit(image, rawmode, data)
    elif image.mode in ("1", "L", "RGB") and key is not None:
        samples = np.asarray(image.convert("L") if image.mode == "1" else image).astype(np.uint32)
        maximum = 255
    else:
        return image
    eight = (samples * 255 + maximum // 2) // maximum
    if key is not None:
        # Pillow leaves the key of a gray PNG as it is, but spreads the samples over 0..255.
        differs = samples != np.asarray(key) * {"L;2": 85, "L;4": 17}.get(rawmode, 1)
        eight = np.dstack([eight, 255 * (differs if differs.ndim == 2 else differs.any(axis=2))])
    return _image_of(eight.astype(np.uint8), cmyk=image.mode == "CMYK")


def is_deep(image: ImageFile.ImageFile) -> bool:
    """Whether the samples of a freshly opened image have more than 8 bits."""
    return image.mode.startswith("I") or _rawmode(image) in _LOWER_BYTES


def _rawmode(image: ImageFile.ImageFile) -> str:
    """What Pillow calls the layout of the samples in the file."""
    args = image.tile[0].args if image.tile else None
    rawmode = args[0] if isinstance(args, tuple) and args else args
    if not isinstance(rawmode, str):
        return ""
    native = ";16L" if sys.byteorder == "little" else ";16B"
    return rawmode.replace(";16N", native)


def _refuse_unsupported(image: Image.Image, rawmode: str, name: str) -> None:
    """Refuse samples whose range nothing tells, or that Pillow would take for others."""
    if image.mode == "F" or (image.mode == "I" and image.format != "PPM"):
        raise ImageUnreadable(name, "signed, 32-bit and floating-point samples are not supported")
    bits = _tag(image, ExifTags.Base.BitsPerSample)
    if len(rawmode) == 1 and isinstance(bits, tuple) and len(bits) > 1 and max(bits) > 8:
        raise ImageUnreadable(name, "16-bit colours in separate planes are not supported")


def _tag(image: Image.Image, tag: int) -> object:
    return image.tag_v2.get(tag) if isinstance(image, TiffImagePlugin.TiffImageFile) else None


def _sixteen_bit(image: Image.Image, rawmode: str, data: bytes) -> NDArray[np.uint32]:
    """The samples of an image of 16-bit colours, whose upper bytes are loaded.

    Returns
    -------
    ndarray of shape (M, N, channels), uint32, 0..65535
    """
    again = Image.open(io.BytesIO(data), formats=(image.format or "",))
    again.tile = [
        tile._replace(args=_with_rawmode(tile.args, _LOWER_BYTES[rawmode])) for tile in again.tile
    ]
    upper: NDArray[np.uint32] = np.asarray(image).astype(np.uint32)
    lower: NDArray[np.uint8] = np.asarray(again)
    if rawmode == "LA;16B":
        upper, lower = upper[..., [0, 3]], lower[..., [1, 3]]
    return np.uint32(256) * upper + lower


def _with_rawmode(args: tuple[object, ...] | str | None, rawmode: str) -> tuple[object, ...] | str:
    return (rawmode, *args[1:]) if isinstance(args, tuple) else rawmode


def _image_of(samples: NDArray[np.uint8], cmyk: bool) -> Image.Image:
    channels = 1 if samples.ndim == 2 else samples.shape[2]
    mode = "CMYK" if cmyk else {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    return Image.fromarray(np.ascontiguousarray(samples), mode)
