from __future__ import annotations

import numpy as np
import pytest

from raisr.codecs.jpeg import save_jpeg
from raisr.evaluation.metrics import judged_areas, ssimulacra2
from raisr.images.reading import decode_base, read_photo
from support import SAMPLES


def test_ssimulacra2_falls_with_the_quality_of_an_image() -> None:
    photo = read_photo(SAMPLES / "two-dogs.jpg")[400:560, 300:500]
    scores = [ssimulacra2(decode_base(save_jpeg(photo, q)), photo) for q in (10, 40, 70, 95)]
    assert scores == sorted(scores)
    assert scores[0] < 60
    assert scores[-1] > 75
    assert ssimulacra2(photo, photo) == pytest.approx(100, abs=0.01)


def test_small_images_are_judged_as_a_whole() -> None:
    (whole,) = judged_areas((1000, 1500))
    assert np.empty((1000, 1500))[whole].shape == (1000, 1500)


@pytest.mark.parametrize("shape", [(4000, 6000), (100, 60_000), (2000, 1501)])
def test_large_images_are_judged_from_edge_to_edge(shape: tuple[int, int]) -> None:
    seen = np.zeros(shape, bool)
    for area in judged_areas(shape):
        assert not seen[area].all()
        seen[area] = True
    assert 100_000 < seen.sum() < 3_000_000
    assert seen[0, 0]
    assert seen[-1, -1]
    assert seen[shape[0] // 2, shape[1] // 2]
