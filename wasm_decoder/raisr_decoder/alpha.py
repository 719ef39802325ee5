"""Transparency: a plane of its own in the metadata, and white in its place in the base picture.

Browsers multiply colour by alpha when they decode, which loses bits, so the base picture is
opaque: the photograph laid over white. That is also what looks right where the metadata is ignored.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.errors import MetadataDamaged
from raisr_decoder.inflate import inflate

WHITE = 255


def pack_alpha(alpha: NDArray[np.uint8]) -> bytes:
    """An alpha plane of the base picture's size as the bytes of its field, without loss.

    Parameters
    ----------
    alpha : ndarray of shape (M, N), uint8
    """
    predicted = np.zeros_like(alpha)
    predicted[:, 1:] = alpha[:, :-1]
    predicted[1:, 0] = alpha[:-1, 0]
    return zlib.compress((alpha - predicted).tobytes(), 9)


def parse_alpha(data: bytes, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """The alpha plane of a base picture of that shape.

    Raises
    ------
    MetadataDamaged
    """
    try:
        raw = inflate(data, shape[0] * shape[1])
    except ValueError as error:
        raise MetadataDamaged(f"its alpha plane {error}") from error
    alpha = np.frombuffer(raw, np.uint8).reshape(shape).copy()
    alpha[:, 0] = np.cumsum(alpha[:, 0], dtype=np.uint8)
    return np.cumsum(alpha, axis=1, dtype=np.uint8)


def composite_on_white(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay a picture with straight alpha over white.

    Parameters
    ----------
    rgb : ndarray of shape (M, N, 3), uint8
    alpha : ndarray of shape (M, N), uint8
    """
    opacity = alpha[..., None].astype(np.int32)
    return ((rgb * opacity + WHITE * (255 - opacity) + 127) // 255).astype(np.uint8)


def split_alpha(
    picture: NDArray[np.uint8],
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """A picture laid over white, and its alpha plane where it is not opaque everywhere.

    Parameters
    ----------
    picture : ndarray of shape (M, N, 3), or (M, N, 4) with straight alpha, uint8
    """
    if picture.shape[2] == 3:
        return picture, None
    rgb, alpha = picture[..., :3], picture[..., 3]
    return (rgb, None) if (alpha == 255).all() else (composite_on_white(rgb, alpha), alpha)


def separate_from_white(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Take the white out again.

    Parameters
    ----------
    rgb : ndarray of shape (M, N, 3), uint8
        A picture laid over white.
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
