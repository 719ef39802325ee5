"""Baselines: plain codecs that payloads are compared with."""

import numpy as np
from numpy.typing import NDArray

from raisr.codecs import base_codec
from raisr.encoded import Encoded
from raisr.errors import ScoreUnreachable, TargetUnreachable
from raisr.formats import format_named
from raisr.search.search import plain, plain_reaching, plain_within

BASELINES = tuple(map(format_named, ("jpeg", "webp", "avif")))


def baseline(photo: NDArray[np.uint8], base: str, size: int) -> Encoded:
    """A photograph by a plain codec in at most `size` bytes, or in the fewest that it takes.

    Parameters
    ----------
    photo : ndarray of shape (M, N, 3), or (M, N, 4) with straight alpha, uint8
    base : str
        Name of the codec.
    size : int
        In bytes.
    """
    try:
        return plain_within(photo, base, size)
    except TargetUnreachable:
        return plain(photo, base, base_codec(base).qualities[0])


def bytes_of_same_quality(photo: NDArray[np.uint8], score: float) -> int | None:
    """Size in bytes of about the smallest plain JPEG that reaches a SSIMULACRA2; None if none does.

    Parameters
    ----------
    photo : ndarray of shape (M, N, 3), or (M, N, 4) with straight alpha, uint8
    score : float
    """
    try:
        return len(plain_reaching(photo, "jpeg", score).payload)
    except ScoreUnreachable:
        return None
