from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import PHOTO, QUICK, fails, raisr
from raisr.images.reading import read_photo
from raisr.images.writing import save_png
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
    assert facts["quality"] == "40-50"
    encoded = raisr("encode", photo, *QUICK, "--bank", bank)
    assert encoded.exit_code == 0
    assert parse((tmp_path / "photo.raisr.jpg").read_bytes()).bank == facts["id"]


def test_train_writes_a_bank_for_each_range_of_quality(tmp_path: Path) -> None:
    photo, banks = tmp_path / "photo.png", tmp_path / "banks"
    photo.write_bytes(save_png(read_photo(PHOTO)[:200, :200]))
    ranges = ("--quality", "10-20", "--quality", "70-80", "--buckets", 2, "--jobs", 1)
    result = raisr("train", photo, "-o", banks, *ranges, "--checkpoints", tmp_path / "work")
    assert result.exit_code == 0, result.output
    notes = [json.loads(bank.with_suffix(".json").read_text()) for bank in banks.glob("*.bank")]
    assert sorted(note["quality"] for note in notes) == [[10, 20], [70, 80]]
    assert {note["cost"]["banks"] for note in notes} == {2}
    fails(raisr("train", photo, "-o", photo, *ranges), "several banks need a folder")
