"""Transparency: an alpha plane in the metadata, and a base image composited on white.

Browsers multiply colour by alpha when they decode, which loses bits, so the base image is opaque:
the photograph composited on white. That also looks right where the metadata is ignored. FORMAT.md,
section 6.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.errors import MetadataDamaged
from raisr_decoder.inflate import inflate

WHITE = 255


def pack_alpha(alpha: NDArray[np.uint8]) -> bytes:
    """Compress an alpha plane without loss.

    Parameters
    ----------
    alpha : ndarray of shape (M, N), uint8
        As large as the base image; 0 is transparent, 255 opaque.

    Returns
    -------
    bytes
        Content of the metadata's field, as `parse_alpha` reads it.
    """
    predicted = np.zeros_like(alpha)
    predicted[:, 1:] = alpha[:, :-1]
    predicted[1:, 0] = alpha[:-1, 0]
    return zlib.compress((alpha - predicted).tobytes(), 9)


def parse_alpha(data: bytes, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Read the alpha plane of a base image.

    Parameters
    ----------
    data : bytes
        As `pack_alpha` returns it.
    shape : (int, int)
        Rows and columns of the base image.

    Returns
    -------
    ndarray of shape `shape`, uint8

    Raises
    ------
    MetadataDamaged
        The data does not inflate to exactly one byte for each pixel.
    """
    try:
        raw = inflate(data, shape[0] * shape[1])
    except ValueError as error:
        raise MetadataDamaged(f"its alpha plane {error}") from error
    alpha = np.frombuffer(raw, np.uint8).reshape(shape).copy()
    alpha[:, 0] = np.cumsum(alpha[:, 0], dtype=np.uint8)
    return np.cumsum(alpha, axis=1, dtype=np.uint8)


def composite_on_white(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Composite an image with straight alpha on white.

    Parameters
    ----------
    rgb : ndarray of shape (M, N, 3), uint8
    alpha : ndarray of shape (M, N), uint8

    Returns
    -------
    ndarray of shape (M, N, 3), uint8
        Rounded half up.
    """
    opacity = alpha[..., None].astype(np.int32)
    return ((rgb * opacity + WHITE * (255 - opacity) + 127) // 255).astype(np.uint8)


def split_alpha(
    image: NDArray[np.uint8],
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """Separate an image into opaque colours and alpha.

    Parameters
    ----------
    image : ndarray of shape (M, N, 3), or (M, N, 4) with straight alpha, uint8

    Returns
    -------
    rgb : ndarray of shape (M, N, 3), uint8
        The image composited on white.
    alpha : ndarray of shape (M, N), uint8, or None
        None where the image is opaque everywhere.
    """
    if image.shape[2] == 3:
        return image, None
    rgb, alpha = image[..., :3], image[..., 3]
    return (rgb, None) if (alpha == 255).all() else (composite_on_white(rgb, alpha), alpha)


def separate_from_white(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Invert `composite_on_white`, as far as 8 bits allow.

    Parameters
    ----------
    rgb : ndarray of shape (M, N, 3), uint8
        An image composited on white.
    alpha : ndarray of shape (M, N), uint8

    Returns
    -------
    ndarray of shape (M, N, 4), uint8
        Straight alpha; white where it is 0.
    """
    opacity = np.maximum(alpha, 1)[..., None].astype(np.int32)
    color = (rgb * np.int32(255) - WHITE * (255 - opacity) + opacity // 2) // opacity
    color[alpha == 0] = WHITE
    return np.concatenate([np.clip(color, 0, 255).astype(np.uint8), alpha[..., None]], axis=2)
