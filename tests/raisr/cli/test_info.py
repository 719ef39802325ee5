from __future__ import annotations

import json
from pathlib import Path

from commands import PHOTO, fails, raisr
from raisr.images.reading import read_photo
from raisr.images.writing import save_png
from raisr_decoder.bank import save
from raisr_decoder.metadata import Metadata, pack
from support import random_bank


def test_info_draws_a_bank(payload: Path, tmp_path: Path) -> None:
    bank, target = tmp_path / "my.bank", tmp_path / "filters.png"
    bank.write_bytes(save(random_bank(1)))
    result = raisr("info", bank, "--plot", target, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["id"] == random_bank(1).id
    assert read_photo(target).shape[1] > 500
    fails(raisr("info", bank, "--plot", bank), "is the file that is being read")
    fails(raisr("info", payload, "--plot", target), "is no bank")


def test_the_parts_of_a_bank_are_told(tmp_path: Path) -> None:
    bank, file = random_bank(2, 6, stages=2, base="webp", depth=3), tmp_path / "my.bank"
    file.write_bytes(save(bank))
    facts = json.loads(raisr("info", file, "--json").output)
    assert (facts["id"], facts["base"], facts["scale"]) == (bank.id, "webp", "3")
    assert facts["qualities"] == [quality for quality, _ in bank.noise]
    assert facts["stages"] == [
        "8 buckets, 3 basis filters, blocks of 6",
        "8 buckets, 3 basis filters, blocks of 2",
    ]


def test_the_metadata_of_a_payload_is_told(payload: Path) -> None:
    facts = json.loads(raisr("info", payload, "--json").output)
    assert (facts["width"], facts["height"]) == (300, 200)
    assert (facts["base"], facts["scale"], facts["quality"]) == ("jpeg", "2", 40)
    assert facts["bytes"] == payload.stat().st_size
    assert str(facts["bank"]) in raisr("info", payload).output


def test_a_plain_payload_says_that_it_is_plain(tmp_path: Path) -> None:
    plain = tmp_path / "plain.png"
    plain.write_bytes(pack(save_png(read_photo(PHOTO)[:40, :60]), Metadata(60, 40, 100, None)))
    assert "a plain file" in raisr("info", plain).output
    assert json.loads(raisr("info", plain, "--json").output)["bank"] is None
