"""Plain codecs, which payloads have to beat."""

import numpy as np
from numpy.typing import NDArray

from raisr.codecs import base_codec
from raisr.encoded import Encoded
from raisr.errors import ScoreUnreachable, TargetUnreachable
from raisr.search.search import plain, plain_reaching, plain_within

BASELINES = {"jpeg": "JPEG", "webp": "WebP", "avif": "AVIF"}
"""Base codecs, and what people call them."""


def baseline(photo: NDArray[np.uint8], base: str, size: int) -> Encoded:
    """The plain codec at that many bytes, or the fewest it can do."""
    try:
        return plain_within(photo, base, size)
    except TargetUnreachable:
        return plain(photo, base, base_codec(base).qualities[0])


def bytes_of_same_quality(photo: NDArray[np.uint8], score: float) -> int | None:
    """Size of about the smallest plain JPEG that reaches a SSIMULACRA2."""
    try:
        return len(plain_reaching(photo, "jpeg", score).payload)
    except ScoreUnreachable:
        return None
