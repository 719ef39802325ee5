from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from raisr.training.provenance import Cost, describe, holds, summary
from raisr.training.train import train
from raisr_decoder.bank import save
from training import SETTINGS, crops, silent

pytestmark = pytest.mark.slow


def test_a_folder_tells_what_its_banks_are_and_what_they_cost(tmp_path: Path) -> None:
    photos = crops(tmp_path / "photos", 2)
    banks = tmp_path / "banks"
    banks.mkdir()
    assert not holds(banks, SETTINGS)
    ranges = ((10, 20),), ((30, 40), (70, 80))
    for qualities, cost in zip(ranges, (Cost(10.0, 300), Cost(20.5, 200)), strict=True):
        settings = replace(SETTINGS, qualities=qualities, depths=(0,))
        trained = train(photos, settings, 1, silent)
        for made in trained.banks:
            path = banks / f"{made.bank.id}.bank"
            path.write_bytes(save(made.bank))
            path.with_suffix(".json").write_text(
                describe(made, trained, settings, [tmp_path / "photos"], cost)
            )
        assert holds(banks, settings)
    assert not holds(banks, SETTINGS)
    total = json.loads(summary(banks))
    assert (total["banks"], total["trainings"]) == (3, 2)
    assert (total["seconds"], total["peak_megabytes"]) == (30, 300)
