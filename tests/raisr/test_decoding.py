from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from raisr.bank_store import BankStore
from raisr.decoding import Limits, decode
from raisr.images.resampling import bicubic
from raisr.images.writing import save_png
from raisr_decoder.bank import save
from raisr_decoder.engine import NUMPY
from raisr_decoder.errors import BankUnknown, LimitExceeded, MetadataMissing
from raisr_decoder.metadata import Metadata, pack
from raisr_decoder.pipeline import restore
from support import random_bank, random_picture

PICTURE = random_picture(1, 20, 31)
BANK, QUALITY = random_bank(5), 30
PAYLOAD = pack(save_png(PICTURE), Metadata(62, 40, QUALITY, BANK.id))


@pytest.fixture
def banks(tmp_path: Path) -> BankStore:
    path = tmp_path / "some.bank"
    path.write_bytes(save(BANK))
    return BankStore((path,))


def test_both_engines_give_the_same_pixels(banks: BankStore) -> None:
    fast = decode(PAYLOAD, banks)
    assert fast.shape == (40, 62, 3)
    assert (fast == decode(PAYLOAD, banks, NUMPY)).all()


def test_the_filters_are_those_of_the_quality_that_metadata_states(banks: BankStore) -> None:
    for quality in (QUALITY, 90):
        payload = pack(save_png(PICTURE), Metadata(62, 40, quality, BANK.id))
        assert (decode(payload, banks) == restore(PICTURE, BANK.filters(quality), (40, 62))).all()
    assert (decode(payload, banks) != decode(PAYLOAD, banks)).any()


def test_without_a_bank_it_is_bicubic() -> None:
    smooth = 96 + PICTURE // 4
    full = decode(pack(save_png(smooth), Metadata(62, 40, QUALITY, None)))
    difference = np.abs(full.astype(int) - bicubic(smooth, (40, 62)))
    assert difference[6:-6, 6:-6].max() <= 1


def test_an_unknown_bank_is_named() -> None:
    with pytest.raises(BankUnknown) as caught:
        decode(PAYLOAD)
    assert caught.value.bank_id == BANK.id


def test_an_ordinary_picture_is_no_payload() -> None:
    with pytest.raises(MetadataMissing):
        decode(save_png(PICTURE))


def test_a_tiny_file_cannot_ask_for_gigabytes() -> None:
    bomb = pack(save_png(PICTURE), Metadata(16384, 8192, QUALITY, None))
    tracemalloc.start()
    with pytest.raises(LimitExceeded, match="ratio"):
        decode(bomb)
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()


@pytest.mark.parametrize(("pixels", "which"), [(619, "base"), (620, "output"), (2479, "output")])
def test_an_application_may_allow_fewer_pixels(banks: BankStore, pixels: int, which: str) -> None:
    with pytest.raises(LimitExceeded, match=f"{which} image"):
        decode(PAYLOAD, banks, limits=Limits(pixels=pixels))
    assert decode(PAYLOAD, banks, limits=Limits(pixels=2480)).shape == (40, 62, 3)


def test_decoding_stops_when_its_time_is_over(banks: BankStore) -> None:
    with pytest.raises(LimitExceeded, match="seconds of filtering"):
        decode(PAYLOAD, banks, NUMPY, Limits(seconds=-1))
