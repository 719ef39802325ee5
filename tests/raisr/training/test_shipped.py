from __future__ import annotations

import json

from raisr.training.provenance import SUMMARY
from raisr.training.shipped import shipped
from raisr_decoder.bank import load, shipped_folder


def test_what_is_shipped_is_what_the_table_of_trainings_gives() -> None:
    folder = shipped_folder()
    banks = {path.stem: load(path.read_bytes()) for path in folder.glob("*.bank")}
    assert {
        (bank.base, bank.trained_scales, tuple(quality for quality, _ in bank.noise))
        for bank in banks.values()
    } == {(each.base, each.scales, each.qualities) for each in shipped()}
    assert all(name == bank.id for name, bank in banks.items())


def test_each_bank_has_its_provenance_and_all_have_one_cost() -> None:
    folder = shipped_folder()
    provenances = {path.name: json.loads(path.read_text()) for path in folder.glob("*.json")}
    total = provenances.pop(SUMMARY)
    assert {f"{each['bank']}.json" for each in provenances.values()} == set(provenances)
    assert {path.with_suffix(".json").name for path in folder.glob("*.bank")} == set(provenances)
    assert total["banks"] == len(provenances)


def test_banks_are_small() -> None:
    """What a page fetches, at most, in kilobytes of each base codec and scale."""
    most = {"1": 12, "3/2": 16, "2": 20, "5/2": 28, "3": 34, "4": 50}
    paths = list(shipped_folder().glob("*.bank"))
    assert sum(path.stat().st_size for path in paths) <= 550_000
    for path in paths:
        bank = load(path.read_bytes())
        if bank.base != "png":
            assert path.stat().st_size <= most.get(str(bank.scale), 20) * 1000
