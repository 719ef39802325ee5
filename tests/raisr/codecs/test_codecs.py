from __future__ import annotations

import numpy as np
import pytest

from raisr.codecs import base_codec, base_codecs
from raisr.images.reading import decode_base, read_photo
from support import SAMPLES, random_picture


@pytest.mark.parametrize("name", ["jpeg", "webp", "avif", "png"])
def test_more_quality_is_closer_and_larger(name: str) -> None:
    codec = base_codec(name)
    picture = random_picture(1, 64, 64)
    low, high = (codec.encode(picture, quality) for quality in codec.qualities)

    def error(data: bytes) -> float:
        return float(np.abs(decode_base(data).astype(int) - picture).mean())

    if codec.qualities[0] == codec.qualities[1]:
        assert error(low) == 0
    else:
        assert len(low) < len(high)
        assert error(low) > error(high)


def test_fractions_of_a_quality_fill_what_lies_up_to_the_next() -> None:
    codec = base_codec("avif")
    photo = read_photo(SAMPLES / "mountain-meadow.jpg")[300:460, 200:440]
    rising = [len(codec.encode(photo, quality)) for quality in codec.fractions(40)[::7]]
    assert rising == sorted(set(rising))
    assert rising[0] == len(codec.encode(photo, 40))
    assert len(codec.encode(photo, 41)) < rising[-1]


def test_names_are_unique() -> None:
    assert len({codec.name for codec in base_codecs()}) == len(base_codecs())
