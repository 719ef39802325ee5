from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from raisr_decoder import bank as banks
from raisr_decoder.bank import Bank, FilterStage, ResizeStage, content_id, load, save
from raisr_decoder.errors import (
    BankDamaged,
    BankError,
    BankMismatch,
    BankUnknown,
    BankUnsupported,
    LimitExceeded,
)
from raisr_decoder.shapes import BLOCKS, base_shape
from support import random_bank


def first_filter(bank: Bank) -> FilterStage:
    return next(stage for stage in bank.stages if isinstance(stage, FilterStage))


@pytest.mark.parametrize("block", [*BLOCKS, None])
@pytest.mark.parametrize("stages", [1, 3])
def test_round_trip(block: int | None, stages: int) -> None:
    bank = random_bank(7, block, stages, base="webp")
    again = load(save(bank), bank.id)
    assert (again.base, again.quality, again.scale) == (bank.base, bank.quality, bank.scale)
    assert again.id == bank.id
    for one, other in zip(bank.stages, again.stages, strict=True):
        assert type(one) is type(other)
        if isinstance(one, ResizeStage):
            assert one == other
        if isinstance(one, FilterStage) and isinstance(other, FilterStage):
            assert (one.weights == other.weights).all()
            assert (one.tree.feature == other.tree.feature).all()
            assert (one.tree.threshold == other.tree.threshold).all()


def test_the_id_is_that_of_the_file_whoever_deflated_it() -> None:
    data = save(random_bank(3, 2))
    start = 12 + 5 * len(first_filter(random_bank(3, 2)).tree.feature)
    stream = zlib.compress(zlib.decompress(data[start + 4 :]), 1)
    other = data[:start] + struct.pack(">I", len(stream)) + stream
    assert other != data
    assert load(other).id == content_id(other) != load(data).id


def test_another_bank_than_the_payload_names_is_refused() -> None:
    with pytest.raises(BankMismatch):
        load(save(random_bank(1)), random_bank(2).id)


def test_every_truncation_is_refused() -> None:
    data = save(random_bank(3, 2))
    for end in [*range(64), *range(64, len(data), 97), len(data) - 1]:
        with pytest.raises(BankError):
            load(data[:end])


def test_trailing_bytes_are_refused() -> None:
    with pytest.raises(BankDamaged):
        load(save(random_bank(3)) + b"\0")


@pytest.mark.parametrize(
    ("offset", "value", "error"),
    [
        (0, 0, BankDamaged),  # magic
        (4, 2, BankUnsupported),  # version
        (5, 9, BankUnsupported),  # base codec
        (6, 101, BankDamaged),  # quality range
        (8, 0, LimitExceeded),  # no stages
        (8, 9, LimitExceeded),  # too many
        (9, 7, BankUnsupported),  # kind of stage
        (10, 7, BankDamaged),  # output block
        (11, 11, LimitExceeded),  # depth of the tree
        (11, 10, BankError),  # more nodes than bytes
        (12, 14, BankUnsupported),  # feature
    ],
)
def test_damaged_headers_are_refused(offset: int, value: int, error: type[BankError]) -> None:
    data = bytearray(save(random_bank(3)))
    data[offset] = value
    with pytest.raises(error):
        load(bytes(data))


def test_weights_that_inflate_beyond_their_size_are_refused() -> None:
    stage = first_filter(random_bank(3, 2))
    bomb = replace(stage, weights=np.concatenate([stage.weights] * 2))
    with pytest.raises(BankDamaged, match="inflate"):
        load(save(Bank("png", (0, 100), (bomb,))))


def test_garbage_instead_of_weights_is_refused() -> None:
    data = save(random_bank(3, 2))
    start = 12 + 5 * len(first_filter(random_bank(3, 2)).tree.feature)
    (length,) = struct.unpack_from(">I", data, start)
    assert start + 4 + length == len(data)
    with pytest.raises(BankDamaged, match="inflate"):
        load(data[: start + 4] + bytes(length))


@pytest.mark.parametrize("change", [1, 1 << 13])
def test_filters_outside_the_exact_range_are_refused(change: int) -> None:
    stage = first_filter(random_bank(3, 2))
    weights = stage.weights.copy()
    if change == 1:
        weights[0, 0, 0] += 1
    else:
        weights[0, :2, 0] += np.array([change, -change])
    with pytest.raises(BankDamaged):
        load(save(Bank("png", (0, 100), (replace(stage, weights=weights),))))


def test_no_sum_leaves_the_exact_range() -> None:
    assert 128 * (banks.MAX_GAIN << banks.WEIGHT_BITS) <= 1 << 24
    assert banks.MAX_GAIN << banks.WEIGHT_BITS < 1 << 15


@pytest.mark.parametrize("bank_id", ["", "0" * 31, "0" * 32, "../" * 10 + "aa", "g" * 32])
def test_unknown_ids_have_no_file(bank_id: str) -> None:
    with pytest.raises(BankUnknown):
        banks.shipped_path(bank_id)


def test_shipped_banks_are_named_by_their_content() -> None:
    paths = list(banks.shipped_folder().glob("*.bank"))
    assert paths
    for path in paths:
        assert load(path.read_bytes(), path.stem).id == path.stem
        assert banks.shipped_path(path.stem) == path
        assert path.with_suffix(".json").is_file()


@pytest.mark.parametrize(
    ("shape", "scale", "expected"),
    [
        ((1000, 1500), Fraction(2), (500, 750)),
        ((1001, 1), Fraction(2), (501, 1)),
        ((1000, 1500), Fraction(3, 2), (667, 1000)),
        ((7, 9), Fraction(1), (7, 9)),
    ],
)
def test_base_shape(shape: tuple[int, int], scale: Fraction, expected: tuple[int, int]) -> None:
    assert base_shape(shape, scale) == expected
