from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from raisr_decoder.bank import save
from raisr_decoder.errors import BankDamaged, BankUnknown
from raisr_encoder.bank_store import BankStore
from raisr_encoder.errors import BankMissing, InputUnreadable
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


def test_banks_are_found_by_id(folder: Path) -> None:
    for path in folder.iterdir():
        assert BankStore((path,)).get(path.stem).id == path.stem
    with pytest.raises(BankUnknown):
        BankStore((folder,)).get("0" * 32)


def test_nothing_fitting_is_an_error(folder: Path) -> None:
    with pytest.raises(BankMissing):
        BankStore((folder,)).choose("png", Fraction(4), 50)


def test_a_file_that_is_no_bank_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.bank").write_bytes(b"RSRB")
    with pytest.raises(BankDamaged):
        BankStore((tmp_path,)).get("0" * 32)
    with pytest.raises(InputUnreadable):
        BankStore((tmp_path / "missing.bank",)).get("0" * 32)
