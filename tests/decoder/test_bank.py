from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

import reference
from raisr_decoder import bank as banks
from raisr_decoder.bank import Bank, content_id, load, noise_at, save
from raisr_decoder.errors import (
    BankDamaged,
    BankMismatch,
    BankUnknown,
    BankUnsupported,
    LimitExceeded,
    RaisrError,
)
from raisr_decoder.filters import BlendStage, LowRankStage, ResizeStage
from raisr_decoder.limits import MAX_BANK_BYTES
from raisr_decoder.shapes import BLOCKS, base_shape
from support import random_bank, random_stage

STREAM = 18
"""Where the stream of a bank of three knots and one filter stage starts."""


def filter_stages(bank: Bank) -> list[LowRankStage]:
    return [stage for stage in bank.stages if isinstance(stage, LowRankStage)]


def assert_refused(data: bytes, error: type[RaisrError], match: str | None = None) -> None:
    with pytest.raises(error, match=match):
        load(data)
    with pytest.raises(ValueError, match=r"."):
        reference.parse_bank(data)


@pytest.mark.parametrize("block", [*BLOCKS, None])
@pytest.mark.parametrize("noise", [((10, 50), (40, 0), (90, -60)), ((50, 3),)])
def test_round_trip(block: int | None, noise: tuple[tuple[int, int], ...]) -> None:
    bank = random_bank(7, block, stages=3, base="webp", depth=2, noise=noise)
    bank = replace(bank, stages=(*bank.stages, BlendStage(7)))
    again = load(save(bank), bank.id)
    assert (again.base, again.noise, again.scale) == ("webp", noise, bank.scale)
    assert again.trained_scales == bank.trained_scales
    assert again.id == bank.id
    assert save(again) == save(bank)
    for one, other in zip(bank.stages, again.stages, strict=True):
        assert type(one) is type(other)
        if isinstance(one, LowRankStage) and isinstance(other, LowRankStage):
            for name in ("mean", "basis", "shift", "constant", "slope"):
                assert (getattr(one, name) == getattr(other, name)).all()
            assert (one.tree.feature == other.tree.feature).all()
            assert (one.tree.threshold == other.tree.threshold).all()
        else:
            assert one == other


def test_the_greatest_and_smallest_numbers_survive_a_round_trip() -> None:
    bank = random_bank(3, 2, depth=1)
    (stage,) = filter_stages(bank)
    threshold, constant, slope = stage.tree.threshold.copy(), *map(np.copy, (stage.constant,) * 2)
    threshold[0], constant[:], slope[:] = -(1 << 31), -128, 127
    tree = replace(stage.tree, threshold=threshold)
    noise = tuple((number, 64 - 128 * (number % 2)) for number in range(32))
    stage = replace(stage, tree=tree, constant=constant, slope=slope)
    (again,) = filter_stages(load(save(Bank("avif", noise, (stage,)))))
    assert again.tree.threshold[0] == -(1 << 31)
    assert (again.constant == -128).all()
    assert (again.slope == 127).all()


def test_the_id_is_that_of_the_file_whoever_deflated_it() -> None:
    data = save(random_bank(3, 2))
    other = data[:STREAM] + zlib.compress(zlib.decompress(data[STREAM:]), 1)
    assert other != data
    assert load(other).id == content_id(other) != load(data).id


@pytest.mark.parametrize(
    ("knots", "noise"),
    [
        (((30, 5), (50, -32), (90, 64)), {0: 5, 30: 5, 40: -13, 50: -32, 51: -30, 90: 64, 100: 64}),
        (((0, -64), (100, 64)), {0: -64, 1: -63, 49: -1, 50: 0, 51: 1, 99: 63, 100: 64}),
        (((7, 9),), {0: 9, 7: 9, 100: 9}),
    ],
)
def test_the_noise_between_knots_is_interpolated_and_rounded_half_up(
    knots: tuple[tuple[int, int], ...], noise: dict[int, int]
) -> None:
    assert {quality: noise_at(quality, knots) for quality in noise} == noise
    for quality in range(101):
        assert noise_at(quality, knots) == reference.noise_at(quality, list(knots))
        exact = np.interp(quality, *zip(*knots, strict=True))
        assert abs(noise_at(quality, knots) - exact) <= 0.5


def test_filters_follow_the_quality_where_there_are_several_knots() -> None:
    several, one = random_bank(5, 2), random_bank(5, 2, noise=((50, -7),))

    def weights(bank: Bank, quality: int) -> list[int]:
        (stage,) = bank.filters(quality).stages
        return stage.weights.tolist()

    assert weights(several, 0) == weights(several, 10) != weights(several, 11)
    assert weights(several, 90) == weights(several, 100) != weights(several, 89)
    assert weights(one, 0) == weights(one, 100)


# --- refusals ---------------------------------------------------------------------------------


def test_another_bank_than_the_payload_names_is_refused() -> None:
    with pytest.raises(BankMismatch):
        load(save(random_bank(1)), random_bank(2).id)


def test_every_truncation_is_refused() -> None:
    data = save(random_bank(3, 2))
    for end in [*range(64), *range(64, len(data), 97), *range(len(data) - 6, len(data))]:
        assert_refused(data[:end], BankDamaged)


def test_trailing_bytes_are_refused() -> None:
    assert_refused(save(random_bank(3)) + b"\0", BankDamaged, "ends early")
    assert_refused(save(Bank("png", ((0, 0),), (ResizeStage(),))) + b"\0", BankDamaged)


def test_a_file_that_is_too_large_is_refused_before_it_is_looked_at() -> None:
    assert_refused(bytes(MAX_BANK_BYTES + 1), LimitExceeded, "bytes of the bank")


@pytest.mark.parametrize(
    ("offset", "values", "error"),
    [
        (0, [0], BankDamaged),  # magic
        (4, [1], BankUnsupported),  # version
        (4, [3], BankUnsupported),
        (5, [4], BankUnsupported),  # base codec
        (6, [0], BankDamaged),  # no knots
        (6, [33], LimitExceeded),  # too many
        (7, [40], BankDamaged),  # twice the same quality
        (7, [91], BankDamaged),  # falling ones
        (11, [101], BankDamaged),  # beyond the greatest
        (8, [65], BankDamaged),  # noise
        (8, [256 - 65], BankDamaged),
        (13, [0], BankDamaged),  # no stages
        (13, [9], LimitExceeded),  # too many
        (13, [2], BankUnsupported),  # the second one's kind is the first byte of the stream
        (14, [3], BankUnsupported),  # kind of stage
        (14, [2], BankUnsupported),  # a blend stage first
        (15, [7], BankDamaged),  # output block
        (15, [0], BankDamaged),
        (16, [11], LimitExceeded),  # depth of the tree
        (16, [10], BankDamaged),  # more nodes than bytes
        (17, [65], LimitExceeded),  # rank
        (17, [64], BankDamaged),  # more basis filters than bytes
        (17, [2], BankDamaged),  # fewer
        (15, [8, 9], LimitExceeded),  # weights
    ],
)
def test_damaged_headers_are_refused(
    offset: int, values: list[int], error: type[RaisrError]
) -> None:
    data = bytearray(save(random_bank(3, 2)))
    data[offset : offset + len(values)] = values
    assert_refused(bytes(data), error)


@pytest.mark.parametrize(
    ("stages", "error"),
    [
        ((ResizeStage((Fraction(2), Fraction(1))),), BankDamaged),
        ((ResizeStage(), ResizeStage()), BankUnsupported),
        ((BlendStage(1), ResizeStage()), BankUnsupported),
    ],
)
def test_stages_that_contradict_each_other_are_refused(
    stages: tuple[banks.BankStage, ...], error: type[RaisrError]
) -> None:
    assert_refused(save(Bank("png", ((0, 0),), stages)), error)


def test_later_stages_of_another_scale_are_refused() -> None:
    rng = np.random.default_rng(1)
    stages = random_stage(rng, 2, 0), random_stage(rng, 3, 0)
    assert_refused(save(Bank("png", ((0, 0), (9, 9)), stages)), BankDamaged, "output blocks")


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content + b"\0",
        lambda content: content[:-1],
        lambda content: content * 1000,
        lambda content: content[:0],
    ],
)
def test_content_of_another_size_is_refused(change: Callable[[bytes], bytes]) -> None:
    data = save(random_bank(3, 2))
    content = change(zlib.decompress(data[STREAM:]))
    assert_refused(data[:STREAM] + zlib.compress(content), BankDamaged, "inflate to")


@pytest.mark.parametrize("stream", [b"", bytes(400), b"\x78\xbb" + bytes(400)])
def test_garbage_instead_of_a_stream_is_refused(stream: bytes) -> None:
    data = save(random_bank(3, 2))
    assert_refused(data[:STREAM] + stream, BankDamaged, "inflate")


def test_a_stream_with_another_checksum_is_refused() -> None:
    data = save(random_bank(3, 2))
    assert_refused(data[:-1] + bytes([data[-1] ^ 1]), BankDamaged, "inflate")


def test_a_feature_that_does_not_exist_is_refused() -> None:
    data = save(random_bank(3, 2))
    content = zlib.decompress(data[STREAM:])
    for feature, known in ((13, True), (14, False), (255, False)):
        changed = data[:STREAM] + zlib.compress(bytes([feature]) + content[1:])
        if known:
            assert filter_stages(load(changed))[0].tree.feature[0] == feature
        else:
            assert_refused(changed, BankUnsupported, "feature")


@pytest.mark.parametrize(
    ("name", "place", "change", "match"),
    [
        ("mean", (0, 0), 1, "sum to one"),
        ("mean", ([0, 1], 0), [8000, -8000], "exact range"),
        ("basis", (2, 63, 3), 1, "sum to zero"),
        ("basis", (0, 0, 0), 1, "sum to zero"),
        ("shift", 2, 8, "shift"),
    ],
)
def test_filters_that_break_a_rule_are_refused(
    name: str, place: object, change: object, match: str
) -> None:
    bank = random_bank(3, 2)
    (stage,) = filter_stages(bank)
    values = getattr(stage, name).astype(int)
    values[place] += change
    if name == "basis":
        values = np.where(values > 127, -128, values)
    values = values.astype(getattr(stage, name).dtype)
    damaged = replace(bank, stages=(replace(stage, **{name: values}),))
    assert_refused(save(damaged), BankDamaged, match)


# --- files ------------------------------------------------------------------------------------


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
