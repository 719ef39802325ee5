import numpy as np

from raisr.search.search import plain
from raisr_web.baselines import bytes_of_same_quality


def test_the_plain_jpeg_of_the_same_quality_is_about_the_smallest_that_reaches_it(
    photograph: np.ndarray,
) -> None:
    candidate = plain(photograph, "jpeg", 60)
    found = bytes_of_same_quality(photograph, candidate.score)
    assert found is not None
    assert 0.8 * len(candidate.payload) < found < 1.05 * len(candidate.payload)
    assert bytes_of_same_quality(photograph, 101) is None
