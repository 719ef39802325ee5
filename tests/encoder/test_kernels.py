from __future__ import annotations

import numpy as np
import pytest

from raisr_decoder import filtering
from raisr_decoder.bank import BLOCKS
from raisr_encoder import kernels
from support import random_plane, random_stage


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (31, 44)])
def test_filter_plane(block: int, shape: tuple[int, int]) -> None:
    plane = random_plane(3, *shape)
    stage = random_stage(np.random.default_rng(4), block, 4)
    plain = filtering.filter_plane(plane, stage)
    fast = kernels.filter_plane(plane, stage)
    assert plain.dtype == fast.dtype
    assert (plain == fast).all()
