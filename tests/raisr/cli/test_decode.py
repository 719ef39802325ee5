from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from commands import PHOTO, fails, raisr
from raisr.images.reading import read_photo
from raisr.images.writing import save_png


def test_the_output_image_is_written(payload: Path, tmp_path: Path) -> None:
    pictures = []
    for engine in ("numba", "numpy"):
        target = tmp_path / f"{engine}.png"
        result = raisr("decode", payload, "-o", target, "--engine", engine)
        assert result.exit_code == 0, result.output
        assert "300 x 200" in result.output
        pictures.append(read_photo(target))
    assert pictures[0].shape == (200, 300, 3)
    assert (pictures[0] == pictures[1]).all()


@pytest.mark.parametrize(
    ("suffix", "start"),
    [(".png", b"\x89PNG"), (".jpg", b"\xff\xd8\xff"), (".webp", b"RIFF"), (".avif", b"\0\0\0")],
)
def test_the_suffix_chooses_the_format(
    payload: Path, tmp_path: Path, suffix: str, start: bytes
) -> None:
    exact, target = tmp_path / "exact.png", tmp_path / f"big{suffix}"
    for path in (exact, target):
        result = raisr("decode", payload, "-o", path)
        assert result.exit_code == 0, result.output
    assert target.read_bytes().startswith(start)
    assert np.abs(read_photo(target).astype(int) - read_photo(exact)).mean() < 1.5


def test_a_format_that_is_not_written_is_refused(payload: Path, tmp_path: Path) -> None:
    fails(
        raisr("decode", payload, "-o", tmp_path / "big.gif"), "its suffix names none of png, jpeg"
    )
    assert not list(tmp_path.iterdir())


def test_a_folder_of_payloads_is_decoded(payload: Path, tmp_path: Path) -> None:
    folder, target = tmp_path / "payloads", tmp_path / "images"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.jpg", "sub/b.jpg"):
        (folder / name).write_bytes(payload.read_bytes())
    (folder / "photo.png").write_bytes(save_png(read_photo(PHOTO)[:40, :60]))
    (folder / "broken.jpg").write_bytes(payload.read_bytes()[: payload.stat().st_size // 2])
    result = raisr("decode", folder, folder / "broken.jpg", "-o", target)
    fails(result, "breaks off")
    found = sorted(str(path.relative_to(target)) for path in target.rglob("*.png"))
    assert found == ["a.png", "sub/b.png"]
    (folder / "a.webp").write_bytes((folder / "a.jpg").read_bytes())
    fails(raisr("decode", folder, "-o", target), "would all become")
