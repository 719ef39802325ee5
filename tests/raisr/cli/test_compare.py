from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import PHOTO, fails, raisr
from raisr.images.reading import read_photo
from raisr.images.writing import save_png

pytestmark = pytest.mark.slow


def test_a_comparison_is_a_page_and_figures(tmp_path: Path) -> None:
    photo, tiny, page = tmp_path / "photo.png", tmp_path / "tiny.png", tmp_path / "page.html"
    photo.write_bytes(save_png(read_photo(PHOTO)[700:764, 500:580]))
    tiny.write_bytes(save_png(read_photo(PHOTO)[:20, :20]))
    result = raisr("compare", tiny, photo, photo, "-o", page, "--json", "--jobs", 2)
    fails(result, "tiny.png: 20 x 20 pixels are too few to compare")
    figures = json.loads(result.stdout)
    (facts,) = figures["photographs"]
    assert facts["photo"] == str(photo)
    assert facts["files"]["raisr auto"][-1]["rate"] <= 1
    assert [row["method"] for row in figures["bd_rate"]][-1] == "raisr auto"
    assert photo.name in page.read_text()


def test_a_comparison_overwrites_no_photograph(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(save_png(read_photo(PHOTO)[:64, :64]))
    fails(raisr("compare", photo, "-o", photo), "is the file that is being read")
    fails(raisr("compare", tmp_path / "missing.png", "-o", tmp_path / "a.html"), "cannot be read")
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]
