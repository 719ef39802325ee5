from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from raisr.decoding import decode
from raisr.errors import BankMissing, TargetUnreachable
from raisr.evaluation.metrics import luma_psnr, ssimulacra2
from raisr.images.reading import decode_base, read_photo
from raisr.search.search import plain_within, search
from raisr.search.settings import Settings
from raisr_decoder.metadata import parse
from support import SAMPLES

pytestmark = pytest.mark.slow

TWO = Fraction(2)


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return read_photo(SAMPLES / "two-dogs.jpg")[400:600, 350:650]


def test_the_target_size_is_used_and_kept(photo: np.ndarray) -> None:
    encoded = search(photo, Settings("jpeg", TWO, target_size=2000))
    assert 1900 < len(encoded.payload) <= 2000


def test_the_record_tells_what_viewers_get(photo: np.ndarray) -> None:
    encoded = search(photo, Settings("jpeg", TWO, quality=50))
    metadata = parse(encoded.payload)
    assert metadata.shape == photo.shape[:2]
    assert metadata.bank == encoded.bank
    full = decode(encoded.payload)
    assert full.shape == photo.shape
    assert metadata.psnr == pytest.approx(luma_psnr(full, photo), abs=0.006)
    assert metadata.score == pytest.approx(ssimulacra2(full, photo), abs=0.006)


def test_a_payload_beats_the_plain_codec_at_the_same_bytes(photo: np.ndarray) -> None:
    encoded = search(photo, Settings("jpeg", target_size=2000))
    plain = plain_within(photo, "jpeg", 2000)
    assert luma_psnr(decode(encoded.payload), photo) > luma_psnr(decode(plain.payload), photo)
    assert encoded.score > plain.score + 10


def test_an_impossible_target_names_the_smallest_possible(photo: np.ndarray) -> None:
    with pytest.raises(TargetUnreachable) as caught:
        search(photo, Settings("jpeg", target_size=100))
    search(photo, Settings("jpeg", target_size=caught.value.smallest))


def test_transparency_is_kept(photo: np.ndarray) -> None:
    rows, columns = photo.shape[:2]
    alpha = np.clip(np.add.outer(np.arange(rows), np.arange(columns)), 0, 255)
    picture = np.dstack([photo, alpha.astype(np.uint8)])
    encoded = search(picture, Settings("jpeg", TWO, target_size=4000))
    assert len(encoded.payload) <= 4000
    full = decode(encoded.payload)
    assert full.shape == picture.shape
    assert np.abs(full[..., 3].astype(int) - alpha).max() <= 8
    # The base image shows the photograph composited on white.
    assert (decode_base(encoded.payload)[:5, :5] > 235).all()
    solid = alpha == 255
    assert np.abs(full[..., :3].astype(int) - photo)[solid].mean() < 8


def test_an_opaque_alpha_plane_costs_nothing(photo: np.ndarray) -> None:
    opaque = np.dstack([photo, np.full(photo.shape[:2], 255, np.uint8)])
    settings = Settings("jpeg", TWO, quality=30)
    assert search(opaque, settings).payload == search(photo, settings).payload


def test_a_missing_bank_is_an_error(photo: np.ndarray) -> None:
    with pytest.raises(BankMissing):
        search(photo, Settings("webp", Fraction(4), quality=50))
