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
    for qualities, cost in (((10, 20), Cost(10.0, 300)), ((30,), Cost(20.5, 200))):
        settings = replace(SETTINGS, qualities=qualities, depths=(0,), ranks=(1,))
        trained = train(photos, settings, 1, silent)
        path = banks / f"{trained.bank.id}.bank"
        path.write_bytes(save(trained.bank))
        path.with_suffix(".json").write_text(
            describe(trained, settings, [tmp_path / "photos"], cost)
        )
        assert holds(banks, settings)
    assert not holds(banks, SETTINGS)
    total = json.loads(summary(banks))
    assert (total["banks"], total["seconds"], total["peak_megabytes"]) == (2, 30, 300)
