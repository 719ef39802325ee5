from __future__ import annotations

from pathlib import Path

import pytest

from commands import PHOTO, fails, raisr
from raisr.images.reading import read_photo
from raisr.images.writing import save_png


@pytest.mark.parametrize(
    ("scale", "size"), [("2", "60 x 40"), ("1.37", "41 x 27"), ("100x45", "68 x 45")]
)
def test_an_ordinary_image_is_upscaled(tmp_path: Path, scale: str, size: str) -> None:
    photo, target = tmp_path / "photo.png", tmp_path / "big.png"
    photo.write_bytes(save_png(read_photo(PHOTO)[:20, :30]))
    result = raisr("upscale", photo, "-o", target, "--scale", scale)
    assert result.exit_code == 0, result.output
    assert size in result.output
    rows, columns, _ = read_photo(target).shape
    assert f"{columns} x {rows}" == size


def test_a_folder_of_images_is_upscaled(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / "in" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_bytes(save_png(read_photo(PHOTO)[:20, :30]))
    result = raisr("upscale", tmp_path / "in", "-o", tmp_path / "out", "--scale", "1.5")
    assert result.exit_code == 0, result.output
    found = [read_photo(path).shape for path in (tmp_path / "out").iterdir()]
    assert found == [(30, 45, 3)] * 2


def test_a_payload_is_to_be_decoded(payload: Path, tmp_path: Path) -> None:
    fails(raisr("upscale", payload, "-o", tmp_path / "big.png"), "is a payload already")
