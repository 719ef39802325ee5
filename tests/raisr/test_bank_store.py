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
from raisr_decoder.bank import BASES, Bank, save, shipped_path
from raisr_decoder.errors import BankDamaged, BankMismatch, BankUnknown, LimitExceeded
from raisr_decoder.filters import ResizeStage
from support import random_bank


def write(folder: Path, *banks: Bank) -> Path:
    folder.mkdir(exist_ok=True)
    for bank in banks:
        (folder / f"{bank.id}.bank").write_bytes(save(bank))
    return folder


def resizing(lowest: str, highest: str) -> Bank:
    bank = random_bank(1, None, base="webp")
    stage = ResizeStage((Fraction(lowest), Fraction(highest)))
    return replace(bank, stages=(stage, *bank.stages[1:]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    banks = random_bank(1, 8, base="avif"), random_bank(2, 2, base="avif")
    return write(tmp_path / "banks", *banks)


@pytest.mark.parametrize("scale", [Fraction(1), Fraction(4)])
def test_the_direct_bank_of_a_base_codec_and_scale_is_chosen(folder: Path, scale: Fraction) -> None:
    store = BankStore((folder,))
    for chosen in (store.direct("avif", scale), store.closest("avif", scale)):
        assert chosen is not None
        assert (chosen.base, chosen.scale) == ("avif", scale)
        assert (folder / f"{chosen.id}.bank").is_file()


def test_without_a_bank_of_its_own_a_scale_is_resized_to_first(tmp_path: Path) -> None:
    wide = resizing("1", "4")
    store = BankStore((write(tmp_path / "banks", wide, random_bank(3, 5, base="webp")),))
    assert store.closest("webp", Fraction(5, 2)).scale == Fraction(5, 2)
    # The shipped bank of scale 2 comes after any that is named.
    assert store.closest("webp", Fraction(2)).id == wide.id
    assert BankStore().closest("webp", Fraction(2)).scale == 2


def test_of_two_named_banks_the_first_is_chosen(tmp_path: Path) -> None:
    one, other = random_bank(1, 4), random_bank(2, 4)
    folders = write(tmp_path / "one", one), write(tmp_path / "other", other)
    assert BankStore(folders).closest("png", Fraction(2)).id == one.id
    assert BankStore(folders[::-1]).closest("png", Fraction(2)).id == other.id


@pytest.mark.parametrize(("scale", "expected"), [("1.2", "1"), ("2", "2"), ("9", "4")])
def test_the_closest_scales_are_chosen_to_resize_first(
    tmp_path: Path, scale: str, expected: str
) -> None:
    ranges = [("1", "3/2"), ("3/2", "4"), ("2", "5/2"), ("4", "5")]
    folder = write(tmp_path / "banks", *(resizing(*each) for each in ranges))
    chosen = BankStore((folder,)).resizing("webp", Fraction(scale))
    assert chosen.trained_scales[0] == Fraction(expected)


def test_the_scales_of_direct_banks_are_listed(folder: Path) -> None:
    shipped, named = BankStore().scales("avif"), BankStore((folder,)).scales("avif")
    assert named == sorted({*shipped, Fraction(1), Fraction(4)})
    for base in BASES:
        for scale in BankStore().scales(base):
            assert BankStore().direct(base, scale) is not None


def test_banks_are_found_by_id(folder: Path) -> None:
    for path in folder.iterdir():
        assert BankStore((path,)).get(path.stem).id == path.stem
    with pytest.raises(BankUnknown):
        BankStore((folder,)).get("0" * 32)


def test_nothing_fitting_is_an_error(folder: Path) -> None:
    store = BankStore((folder,))
    assert store.direct("webp", Fraction(7, 3)) is None
    with pytest.raises(BankMissing):
        store.closest("avif", Fraction(7, 3))
    with pytest.raises(BankMissing):
        store.resizing("avif", Fraction(4))


def test_a_file_that_is_no_bank_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.bank").write_bytes(b"RSRB")
    with pytest.raises(BankDamaged):
        BankStore((tmp_path,)).get("0" * 32)
    with pytest.raises(InputUnreadable):
        BankStore((tmp_path / "missing.bank",)).get("0" * 32)


def test_loaded_banks_do_not_travel_to_other_processes() -> None:
    store = BankStore()
    before = pickle.dumps(store)
    bank = store.closest("jpeg", Fraction(2))
    assert pickle.dumps(store) == before
    again = pickle.loads(before)  # noqa: S301
    assert again.closest("jpeg", Fraction(2)).id == bank.id


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
