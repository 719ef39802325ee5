from __future__ import annotations

import pytest

from raisr_decoder.cells import MARGIN, pad
from raisr_decoder.planes import plane_of
from support import random_plane


def test_rows_are_those_of_the_array() -> None:
    samples = random_plane(1, 9, 5)
    plane = plane_of(samples)
    assert plane.shape == samples.shape
    assert (plane.rows(2, 6) == samples[2:6]).all()
    assert (plane.whole() == samples).all()


@pytest.mark.parametrize("rows", [1, 2, 8])
def test_beyond_its_edge_a_plane_repeats_it(rows: int) -> None:
    samples = random_plane(1, rows, 6)
    beyond = plane_of(samples).rows_and_beyond(-MARGIN, rows + MARGIN)
    assert (beyond == pad(samples)[: rows + 2 * MARGIN, MARGIN:-MARGIN]).all()
