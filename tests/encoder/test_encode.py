from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from raisr_decoder.payload import parse
from raisr_encoder.base_codec import base_codec
from raisr_encoder.decode import decode
from raisr_encoder.encode import Settings, encode
from raisr_encoder.errors import BankMissing, TargetUnreachable
from raisr_encoder.image_io import decode_base, read_photo
from raisr_encoder.metrics import luma_psnr
from support import SAMPLES


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return read_photo(SAMPLES / "two-dogs.jpg")


def test_the_target_size_is_used_and_kept(photo: np.ndarray) -> None:
    encoded = encode(photo, Settings(target_size=20_000))
    assert 18_000 < len(encoded.payload) <= 20_000
    larger = encode(photo, Settings(quality=encoded.quality + 1))
    assert len(larger.payload) > 20_000


def test_the_record_tells_what_viewers_get(photo: np.ndarray) -> None:
    encoded = encode(photo, Settings(quality=50))
    assert parse(encoded.payload).shape == photo.shape[:2]
    full = decode(encoded.payload)
    assert full.shape == photo.shape
    assert parse(encoded.payload).psnr == pytest.approx(luma_psnr(full, photo), abs=0.006)


def test_restored_beats_the_plain_codec_at_the_same_bytes(photo: np.ndarray) -> None:
    encoded = encode(photo, Settings(target_size=25_000))
    plain = next(
        data
        for quality in range(95, 0, -1)
        if len(data := base_codec("jpeg").encode(photo, quality)) <= 25_000
    )
    gain = luma_psnr(decode(encoded.payload), photo) - luma_psnr(decode_base(plain), photo)
    assert gain > 2


def test_an_impossible_target_names_the_smallest_possible(photo: np.ndarray) -> None:
    with pytest.raises(TargetUnreachable) as caught:
        encode(photo, Settings(target_size=100))
    encode(photo, Settings(target_size=caught.value.smallest))


def test_transparency_is_kept(photo: np.ndarray) -> None:
    rows, columns = photo.shape[:2]
    alpha = np.clip(np.add.outer(np.arange(rows), np.arange(columns)) // 4, 0, 255)
    picture = np.dstack([photo, alpha.astype(np.uint8)])
    encoded = encode(picture, Settings(target_size=25_000))
    assert len(encoded.payload) <= 25_000
    full = decode(encoded.payload)
    assert full.shape == picture.shape
    assert np.abs(full[..., 3].astype(int) - alpha).max() <= 8
    # The base picture shows the photograph over white.
    assert (decode_base(encoded.payload)[:20, :20] > 240).all()
    solid = alpha == 255
    assert np.abs(full[..., :3].astype(int) - photo)[solid].mean() < 8


def test_an_opaque_alpha_plane_costs_nothing(photo: np.ndarray) -> None:
    opaque = np.dstack([photo, np.full(photo.shape[:2], 255, np.uint8)])
    settings = Settings(quality=30)
    assert encode(opaque, settings).payload == encode(photo, settings).payload


def test_a_missing_bank_is_an_error(photo: np.ndarray) -> None:
    with pytest.raises(BankMissing):
        encode(photo, Settings(scale=Fraction(4), quality=50))
