from __future__ import annotations

import numpy as np
import pytest

from raisr_decoder.alpha import (
    composite_on_white,
    pack_alpha,
    parse_alpha,
    separate_from_white,
    split_alpha,
)
from raisr_decoder.errors import MetadataDamaged
from raisr_decoder.pipeline import restore
from support import random_bank, random_picture, random_plane

IMAGE, ALPHA = random_picture(1, 20, 30), random_plane(4, 20, 30)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (20, 30)])
def test_a_plane_survives_a_round_trip(shape: tuple[int, int]) -> None:
    plane = random_plane(3, *shape)
    assert (parse_alpha(pack_alpha(plane), shape) == plane).all()


def test_a_smooth_plane_costs_little() -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (200, 1))
    assert len(pack_alpha(ramp)) < 300


@pytest.mark.parametrize("shape", [(20, 29), (20, 31), (2000, 30)])
def test_a_plane_of_another_size_is_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(MetadataDamaged, match="inflate"):
        parse_alpha(pack_alpha(ALPHA), shape)


def test_garbage_is_refused() -> None:
    with pytest.raises(MetadataDamaged):
        parse_alpha(b"no zlib stream", (20, 30))
    with pytest.raises(MetadataDamaged):
        parse_alpha(pack_alpha(ALPHA)[:-5], (20, 30))
    with pytest.raises(MetadataDamaged, match="ends early"):
        parse_alpha(pack_alpha(ALPHA) + b"\0", (20, 30))


def test_opaque_images_are_not_changed() -> None:
    opaque = np.full((20, 30), 255, np.uint8)
    assert (composite_on_white(IMAGE, opaque) == IMAGE).all()
    assert (separate_from_white(IMAGE, opaque)[..., :3] == IMAGE).all()
    assert split_alpha(np.dstack([IMAGE, opaque]))[1] is None


def test_transparent_pixels_become_white() -> None:
    assert (composite_on_white(IMAGE, np.zeros((20, 30), np.uint8)) == 255).all()


def test_separating_from_white_inverts_compositing_closely() -> None:
    again = separate_from_white(composite_on_white(IMAGE, ALPHA), ALPHA)
    assert (again[..., 3] == ALPHA).all()
    # Composited on black, an error of the colour counts as much as the colour is opaque.
    error = (again[..., :3].astype(int) - IMAGE) * ALPHA[..., None].astype(int) / 255
    assert np.abs(error).max() <= 1


def test_alpha_is_filtered_like_luma() -> None:
    gray = np.repeat(ALPHA[..., None], 3, axis=2)
    filters = random_bank(3).filters(70)
    output = restore(gray, filters, (40, 60), ALPHA)
    assert output.shape == (40, 60, 4)
    assert (output[..., 3] == restore(gray, filters, (40, 60))[..., 0]).all()
