from __future__ import annotations

import json
from itertools import pairwise

from raisr.training.provenance import SUMMARY
from raisr.training.shipped import shipped
from raisr_decoder.bank import load, shipped_folder


def test_what_is_shipped_is_what_the_table_of_trainings_gives() -> None:
    folder = shipped_folder()
    banks = {path.stem: load(path.read_bytes()) for path in folder.glob("*.bank")}
    assert {(bank.base, bank.trained_scales, bank.quality) for bank in banks.values()} == {
        (settings.base, settings.scales, qualities)
        for settings in shipped()
        for qualities in settings.qualities
    }
    assert all(name == bank.id for name, bank in banks.items())


def test_each_bank_has_its_provenance_and_all_have_one_cost() -> None:
    folder = shipped_folder()
    provenances = {path.name: json.loads(path.read_text()) for path in folder.glob("*.json")}
    total = provenances.pop(SUMMARY)
    assert {f"{each['bank']}.json" for each in provenances.values()} == set(provenances)
    assert {path.with_suffix(".json").name for path in folder.glob("*.bank")} == set(provenances)
    assert total["banks"] == len(provenances)


def test_ranges_of_quality_adjoin() -> None:
    for settings in shipped():
        for (_, end), (start, _) in pairwise(settings.qualities):
            assert start == end + 1
