from __future__ import annotations

import tracemalloc
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import reference
from raisr_decoder.engine import NUMPY
from raisr_decoder.errors import BankMismatch, LimitExceeded
from raisr_decoder.pipeline import NO_FILTERS, restore, restore_strips
from raisr_decoder.shapes import BLOCKS, base_shape
from support import Vector, assert_same_pixels, decode, random_bank, random_picture, read_vectors


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (37, 2), (40, 31)])
@pytest.mark.parametrize("stages", [1, 2])
def test_direct_banks_give_the_size_that_is_asked_for(
    block: int, shape: tuple[int, int], stages: int
) -> None:
    base = random_picture(1, *base_shape(shape, Fraction(block, 2)))
    output = restore(base, random_bank(1, block, stages).filters(70), shape)
    assert output.shape == (*shape, 3)
    assert output.dtype == np.uint8


@pytest.mark.parametrize("shape", [(3, 3), (13, 57), (41, 26)])
def test_a_resize_stage_serves_any_size(shape: tuple[int, int]) -> None:
    output = restore(random_picture(1, 20, 19), random_bank(1, None, 2).filters(70), shape)
    assert output.shape == (*shape, 3)


def test_gray_stays_gray() -> None:
    gray = np.repeat(random_picture(3, 15, 16)[..., :1], 3, axis=2)
    output = restore(gray, random_bank(2).filters(70), (30, 31))
    assert (output == output[..., :1]).all()


def test_flat_color_stays_flat() -> None:
    base = np.full((9, 9, 3), (200, 13, 77), np.uint8)
    assert (restore(base, random_bank(2).filters(70), (18, 18)) == (200, 13, 77)).all()


def test_without_filters_the_same_size_is_the_same_image() -> None:
    base = random_picture(3, 15, 16)
    assert (restore(base, NO_FILTERS, (15, 16)) == base).all()


@pytest.mark.parametrize("shape", [(28, 32), (31, 30), (60, 64)])
def test_a_base_image_of_another_size_is_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(BankMismatch, match="16 x 15"):
        restore(random_picture(3, 15, 16), random_bank(2).filters(70), shape)


@pytest.mark.parametrize(
    ("base_size", "shape"), [((1, 8), (9, 8)), ((8, 9), (8, 1)), ((1, 1), (16384, 8192))]
)
def test_an_output_image_far_larger_or_smaller_than_its_base_image_is_refused(
    base_size: tuple[int, int], shape: tuple[int, int]
) -> None:
    base = random_picture(1, *base_size)
    tracemalloc.start()
    with pytest.raises(LimitExceeded, match="ratio"):
        restore(base, NO_FILTERS, shape)
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()
    with pytest.raises(ValueError, match="ratio"):
        reference.restore(base, reference.NO_BANK, reference.Metadata(*shape[::-1], 70, None))


def test_the_greatest_ratio_that_is_allowed() -> None:
    base = random_picture(1, 2, 16)
    output = restore(base, NO_FILTERS, (16, 2))
    metadata = reference.Metadata(2, 16, 70, None)
    assert output.tolist() == reference.restore(base, reference.NO_BANK, metadata)


def test_a_base_image_of_too_many_pixels_is_refused() -> None:
    base = np.broadcast_to(np.uint8(7), (1 << 13, (1 << 14) + 1, 3))
    with pytest.raises(LimitExceeded, match="pixels of the base image"):
        restore(base, NO_FILTERS, (1 << 12, 1 << 13))


def test_strips_come_one_by_one_from_top_to_bottom() -> None:
    base = random_picture(4, 70, 9)
    filters = random_bank(2).filters(70)
    strips = restore_strips(base, filters, (139, 17))
    top = next(strips)
    rest = list(strips)
    assert [len(strip) for strip in (top, *rest)] == [120, 19]
    assert (np.concatenate([top, *rest]) == restore(base, filters, (139, 17))).all()


@pytest.mark.parametrize("rows", [1, 5, 24])
@pytest.mark.parametrize("vector", read_vectors(), ids=lambda vector: vector.name)
def test_strips_of_any_height_have_no_seams(
    vector: Vector, rows: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("raisr_decoder.pipeline.STRIP_ROWS", rows)
    assert_same_pixels(decode(vector, NUMPY), vector.expected, tmp_path, vector.name)


def test_a_strip_needs_little_memory_beside_the_base_image() -> None:
    base = random_picture(4, 500, 60)
    strips = restore_strips(base, random_bank(2, stages=3).filters(70), (1000, 120))
    next(strips)
    tracemalloc.start()
    next(strips)
    first = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    for _ in strips:
        pass
    later = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert later < 1.2 * first
