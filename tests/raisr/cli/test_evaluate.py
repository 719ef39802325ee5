from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from commands import PHOTO, fails, raisr
from raisr.images.reading import read_photo
from raisr.images.writing import save_png
from raisr_decoder.bank import save
from support import SAMPLES, random_bank


@pytest.fixture(scope="module")
def clean_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clean")
    for name, photo in {"dogs": SAMPLES / "two-dogs.jpg", "meadow": PHOTO}.items():
        (folder / f"{name}.png").write_bytes(save_png(read_photo(photo)[400:520, 400:580]))
    return folder


def test_evaluate_shows_the_gain_over_bicubic(clean_pictures: Path) -> None:
    result = raisr("evaluate", clean_pictures)
    assert result.exit_code == 0, result.output
    for word in ("dogs.png", "meadow.png", "mean", "bicubic", "gain"):
        assert word in result.output


@pytest.mark.parametrize("scale", ["2", "3/2", "1.2"])
def test_evaluate_prints_json(clean_pictures: Path, scale: str) -> None:
    result = raisr("evaluate", clean_pictures, "--scale", scale, "--json")
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert [picture["name"] for picture in facts["pictures"]] == ["dogs.png", "meadow.png"]
    for key in ("psnr", "bicubic_psnr"):
        values = [picture[key] for picture in facts["pictures"]]
        assert facts["mean"][key] == pytest.approx(sum(values) / 2)
    assert facts["mean"]["psnr"] > facts["mean"]["bicubic_psnr"]


def test_evaluate_knows_no_infinity_in_json(tmp_path: Path) -> None:
    (tmp_path / "white.png").write_bytes(save_png(np.full((40, 40, 3), 255, np.uint8)))
    facts = json.loads(raisr("evaluate", tmp_path, "--json").stdout)
    assert facts["mean"] == {"psnr": None, "bicubic_psnr": None}


def test_evaluate_names_and_skips_what_it_cannot_measure(
    clean_pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")
    (tmp_path / "tiny.png").write_bytes(save_png(read_photo(PHOTO)[:4, :40]))
    result = raisr("evaluate", tmp_path, clean_pictures, "--json")
    assert result.exit_code == 1
    assert "bad.png: cannot be read as a picture" in result.stderr
    assert "tiny.png: 40 x 4 pixels are too few" in result.stderr
    assert len(json.loads(result.stdout)["pictures"]) == 2
    nothing = raisr("evaluate", tmp_path, "--json")
    assert nothing.exit_code == 1
    assert json.loads(nothing.stdout) == {"mean": None, "pictures": []}


def test_evaluate_measures_the_bank_that_is_named(clean_pictures: Path, tmp_path: Path) -> None:
    noise = random_bank(1, block=6)
    path = tmp_path / "noise.bank"
    path.write_bytes(save(noise))
    result = raisr("evaluate", clean_pictures, "--scale", 3, "--bank", path, "--json")
    mean = json.loads(result.stdout)["mean"]
    assert mean["psnr"] < mean["bicubic_psnr"] - 3
    fails(raisr("evaluate", clean_pictures, "--bank", path), "upscales by 3, not by 2")
