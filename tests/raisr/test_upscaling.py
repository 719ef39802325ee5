from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from raisr.bank_store import BankStore
from raisr.codecs.jpeg import save_jpeg
from raisr.errors import OutputTooSmall
from raisr.evaluation.metrics import luma_psnr
from raisr.images.reading import decode_base, read_photo
from raisr.images.resampling import bicubic, lanczos
from raisr.upscaling import CLEAN, COMPRESSED, upscale
from raisr_decoder.bank import save
from raisr_decoder.engine import NUMPY
from raisr_decoder.errors import LimitExceeded
from raisr_decoder.pipeline import NO_FILTERS, restore
from support import SAMPLES, random_bank, random_picture


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return read_photo(SAMPLES / "two-dogs.jpg")[300:660, 200:680]


@pytest.mark.parametrize("scale", [Fraction(2), Fraction(3), Fraction(137, 100), Fraction(5)])
def test_it_beats_bicubic_on_clean_pictures(photo: np.ndarray, scale: Fraction) -> None:
    small = bicubic(photo, (round(360 / scale), round(480 / scale)))
    big, cheap = upscale(small, (360, 480)), restore(small, NO_FILTERS, (360, 480))
    assert luma_psnr(big, photo) > luma_psnr(cheap, photo) + 0.3


@pytest.mark.parametrize("shape", [(360, 480), (263, 350)])
def test_it_beats_bicubic_on_compressed_pictures(photo: np.ndarray, shape: tuple[int, int]) -> None:
    original = photo if shape == (360, 480) else lanczos(photo, shape)
    small = decode_base(save_jpeg(lanczos(photo, (180, 240)), 75))
    big, cheap = upscale(small, shape, compressed=True), restore(small, NO_FILTERS, shape)
    assert luma_psnr(big, original) > luma_psnr(cheap, original) + 0.3


@pytest.mark.parametrize(("compressed", "base", "quality"), [(False, *CLEAN), (True, *COMPRESSED)])
def test_the_filters_are_those_of_a_usual_quality(
    compressed: bool, base: str, quality: int, tmp_path: Path
) -> None:
    bank = random_bank(1, base=base)
    (tmp_path / "my.bank").write_bytes(save(bank))
    picture = random_picture(1, 20, 30)
    big = upscale(picture, (40, 60), compressed, BankStore((tmp_path,)))
    assert (big == restore(picture, bank.filters(quality), (40, 60))).all()


def test_transparency_is_kept() -> None:
    picture = np.dstack([random_picture(1, 20, 30), random_picture(2, 20, 30)[..., :1]])
    assert upscale(picture, (40, 60)).shape == (40, 60, 4)


def test_both_engines_give_the_same_pixels() -> None:
    picture = random_picture(1, 20, 31)
    assert (upscale(picture, (27, 40)) == upscale(picture, (27, 40), engine=NUMPY)).all()


def test_one_pixel_is_enlarged() -> None:
    assert (upscale(np.full((1, 1, 3), 99, np.uint8), (2, 2)) == 99).all()


def test_a_smaller_result_is_refused() -> None:
    with pytest.raises(OutputTooSmall, match="40 x 19"):
        upscale(random_picture(1, 20, 30), (19, 40))


def test_a_result_beyond_the_limit_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        upscale(random_picture(1, 20, 30), (20_000, 30_000))
