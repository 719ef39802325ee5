"""Colours of every kind as sRGB, apart from alpha."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms


def separate_alpha(image: Image.Image) -> tuple[Image.Image, NDArray[np.uint8] | None]:
    """Colours, in mode L, RGB, CMYK or LAB, and alpha, of shape (M, N), uint8, if there is any."""
    if image.mode == "La":
        image = image.convert("LA")
    if image.mode == "LA":
        return image.getchannel("L"), np.asarray(image.getchannel("A"))
    if image.mode in ("PA", "RGBA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        return image.convert("RGB"), np.asarray(image.getchannel("A"))
    if image.mode in ("L", "RGB", "CMYK", "LAB"):
        return image, None
    return image.convert("L" if image.mode == "1" else "RGB"), None


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Colours of mode L, RGB, CMYK or LAB as sRGB, by the ICC profile where it is usable."""
    srgb = ImageCms.createProfile("sRGB")
    if image.mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        return ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB") or image
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if source.profile.xcolor_space.strip() == "RGB" and image.mode == "L":
                image = image.convert("RGB")
            # The quick conversion is exact enough in three channels, but ten levels off in one.
            flags = ImageCms.Flags.NOOPTIMIZE if image.mode == "L" else ImageCms.Flags.NONE
            converted = ImageCms.profileToProfile(
                image, source, srgb, outputMode="RGB", flags=flags
            )
            if converted is not None:
                return converted
        except (ImageCms.PyCMSError, OSError):
            pass  # A profile that cannot be used is no reason to refuse the image.
    # A copy of the same mode would take four more bytes a pixel.
    return image if image.mode == "RGB" else image.convert("RGB")
