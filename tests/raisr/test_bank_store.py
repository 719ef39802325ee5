from __future__ import annotations

import pickle
import tracemalloc
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from raisr import bank_store
from raisr.bank_store import BankStore, read_bank
from raisr.errors import BankMissing, InputUnreadable
from raisr_decoder.bank import Bank, ResizeStage, save, shipped_path
from raisr_decoder.errors import BankDamaged, BankMismatch, BankUnknown, LimitExceeded
from support import random_bank


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, quality in enumerate([(0, 20), (20, 50), (51, 100)]):
        bank = replace(random_bank(number, 8, base="avif"), quality=quality)
        (tmp_path / f"{bank.id}.bank").write_bytes(save(bank))
    return tmp_path


@pytest.mark.parametrize(
    ("quality", "expected"), [(0, (0, 20)), (20, (0, 20)), (30, (20, 50)), (90, (51, 100))]
)
def test_the_closest_quality_is_chosen(
    folder: Path, quality: int, expected: tuple[int, int]
) -> None:
    assert BankStore((folder,)).choose("avif", Fraction(4), quality).quality == expected


@pytest.mark.parametrize(("scale", "expected"), [("1.2", "1"), ("2", "2"), ("9", "4")])
def test_the_closest_scales_are_chosen_to_resize_first(
    tmp_path: Path, scale: str, expected: str
) -> None:
    for low, high in [("1", "3/2"), ("3/2", "4"), ("2", "5/2"), ("4", "5")]:
        stages = (ResizeStage((Fraction(low), Fraction(high))), *random_bank(1, None).stages[1:])
        (tmp_path / f"{low[0]}-{high[0]}.bank").write_bytes(save(Bank("webp", (0, 100), stages)))
    chosen = BankStore((tmp_path,)).choose_upsample_first("webp", Fraction(scale), 50)
    assert chosen.trained_scales[0] == Fraction(expected)


def test_banks_are_found_by_id(folder: Path) -> None:
    for path in folder.iterdir():
        assert BankStore((path,)).get(path.stem).id == path.stem
    with pytest.raises(BankUnknown):
        BankStore((folder,)).get("0" * 32)


def test_nothing_fitting_is_an_error(folder: Path) -> None:
    with pytest.raises(BankMissing):
        BankStore((folder,)).choose("webp", Fraction(4), 50)
    with pytest.raises(BankMissing):
        BankStore((folder,)).choose_upsample_first("webp", Fraction(4), 50)


def test_a_file_that_is_no_bank_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.bank").write_bytes(b"RSRB")
    with pytest.raises(BankDamaged):
        BankStore((tmp_path,)).get("0" * 32)
    with pytest.raises(InputUnreadable):
        BankStore((tmp_path / "missing.bank",)).get("0" * 32)


def test_loaded_banks_do_not_travel_to_other_processes() -> None:
    store = BankStore()
    before = pickle.dumps(store)
    bank = store.choose("jpeg", Fraction(2), 40)
    assert pickle.dumps(store) == before
    again = pickle.loads(before)  # noqa: S301
    assert again.choose("jpeg", Fraction(2), 40).id == bank.id


def test_of_a_file_that_is_too_large_no_more_is_read_than_shows_it(tmp_path: Path) -> None:
    path = tmp_path / "large.bank"
    with path.open("wb") as stream:
        stream.truncate(1 << 30)
    tracemalloc.start()
    with pytest.raises(LimitExceeded):
        read_bank(path)
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


def test_a_shipped_bank_of_another_content_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = BankStore().ids[:2]
    monkeypatch.setattr(bank_store, "shipped_path", lambda _: shipped_path(other))
    with pytest.raises(BankMismatch):
        BankStore().get(one)
