from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import PHOTO, QUICK, raisr
from raisr.images.reading import read_photo
from raisr.images.writing import save_png
from raisr_decoder.bank import load
from raisr_decoder.metadata import parse

pytestmark = pytest.mark.slow


def test_train_writes_a_bank_and_its_provenance(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(save_png(read_photo(PHOTO)[:300, :300]))
    bank = tmp_path / "new.bank"
    options = (
        "--quality",
        "40-50",
        "--buckets",
        4,
        "--jobs",
        1,
        "--checkpoints",
        tmp_path / "work",
    )
    result = raisr("train", photo, "-o", bank, *options)
    assert result.exit_code == 0, result.output
    facts = json.loads(raisr("info", bank, "--json").output)
    note = json.loads(bank.with_suffix(".json").read_text())
    assert note["bank"] == facts["id"]
    assert note["photographs"]["used"] == 1
    assert len(note["sparse_buckets"]["stages"]) == 1
    assert "fewer than 640 cells" in result.output
    assert not list((tmp_path / "work").iterdir())
    assert facts["qualities"] == [40, 45, 50]
    encoded = raisr("encode", photo, *QUICK, "--bank", bank)
    assert encoded.exit_code == 0
    assert parse((tmp_path / "photo.raisr.jpg").read_bytes()).bank == facts["id"]


def test_in_a_folder_the_bank_is_named_by_its_id(tmp_path: Path) -> None:
    photo, banks = tmp_path / "photo.png", tmp_path / "banks"
    photo.write_bytes(save_png(read_photo(PHOTO)[:200, :200]))
    banks.mkdir()
    options = "--quality", "30", "--buckets", 2, "--rank", 2, "--jobs", 1
    result = raisr("train", photo, "-o", banks, *options, "--checkpoints", tmp_path / "work")
    assert result.exit_code == 0, result.output
    (bank,) = banks.glob("*.bank")
    stored = load(bank.read_bytes(), bank.stem)
    assert stored.noise == ((30, 0),)
    assert json.loads(bank.with_suffix(".json").read_text())["bank"] == bank.stem
