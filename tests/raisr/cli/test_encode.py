from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from commands import PHOTO, QUICK, fails, raisr
from raisr.batch import INDEX
from raisr.images.reading import decode_base, read_photo
from raisr.images.writing import save_png
from raisr_decoder.metadata import parse


def test_a_payload_is_an_ordinary_smaller_picture(payload: Path) -> None:
    assert decode_base(payload.read_bytes()).shape == (100, 150, 3)
    assert parse(payload.read_bytes()).shape == (200, 300)


def test_several_photographs_go_to_a_folder_and_a_bad_one_stops_none(tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for name in ("a", "c"):
        (source / f"{name}.png").write_bytes(save_png(read_photo(PHOTO)[:200, :300]))
    (source / "b.png").write_bytes(b"no picture")
    result = raisr("encode", source, "-o", target, *QUICK)
    fails(result, "b.png: cannot be read as a picture")
    assert sorted(path.name for path in target.glob("*")) == [INDEX, "a.jpg", "c.jpg"]


def test_sub_folders_are_kept(tmp_path: Path) -> None:
    for name in ("a/photo.png", "b/photo.png"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(save_png(read_photo(PHOTO)[:40, :60]))
    result = raisr("encode", tmp_path / "in", "-o", tmp_path / "out", *QUICK)
    assert result.exit_code == 0, result.output
    found = sorted(path.relative_to(tmp_path) for path in (tmp_path / "out").rglob("*.jpg"))
    assert found == [Path("out/a/photo.jpg"), Path("out/b/photo.jpg")]


def test_no_photograph_is_overwritten_and_no_payload_lost(tmp_path: Path) -> None:
    photo, namesake = tmp_path / "photo.jpg", tmp_path / "photo.png"
    photo.write_bytes(PHOTO.read_bytes())
    before = photo.read_bytes()
    fails(raisr("encode", photo, "-o", photo, *QUICK), "is the file that is being read")
    fails(raisr("encode", photo, "-o", tmp_path, *QUICK), "is the file that is being read")
    fails(raisr("upscale", photo, "-o", photo), "is the file that is being read")
    fails(raisr("decode", photo, "-o", photo), "is the file that is being read")
    namesake.write_bytes(save_png(read_photo(PHOTO)[:40, :60]))
    fails(raisr("encode", photo, namesake, "-o", tmp_path / "out"), "would all become")
    assert photo.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photo.jpg", "photo.png"]


@pytest.mark.parametrize("base", ["png", "jpeg"])
def test_the_base_codec_can_be_chosen(tmp_path: Path, base: str) -> None:
    photo, target = tmp_path / "photo.png", tmp_path / "out"
    photo.write_bytes(save_png(read_photo(PHOTO)[:40, :60]))
    options = ("--base", base, "--scale", 2, "--quality", 80)
    result = raisr("encode", photo, "-o", f"{target}/", *options)
    assert result.exit_code == 0, result.output
    (payload,) = target.glob("photo.*")
    assert raisr("decode", payload, "-o", tmp_path / "big.png").exit_code == 0
    assert read_photo(tmp_path / "big.png").shape == (40, 60, 3)


def test_without_output_the_payload_lies_beside_the_photograph(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(save_png(read_photo(PHOTO)[:100, :100]))
    assert raisr("encode", photo, "--base", "jpeg", "--target-size", "3KB").exit_code == 0
    assert parse((tmp_path / "photo.raisr.jpg").read_bytes()).shape == (100, 100)


def test_a_payload_is_not_encoded_again(payload: Path, tmp_path: Path) -> None:
    fails(raisr("encode", payload, "-o", tmp_path / "again.jpg", *QUICK), "is a payload already")
    assert not list(tmp_path.iterdir())


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    photo = read_photo(PHOTO)[:40, :60]
    frames = [Image.fromarray(part) for part in (photo, photo[::-1])]
    for suffix in (".gif", ".webp"):
        moving = tmp_path / f"moving{suffix}"
        frames[0].save(moving, save_all=True, append_images=frames[1:])
        result = raisr("encode", moving, "-o", tmp_path / suffix / "small.jpg", *QUICK)
        assert result.exit_code == 0, result.output
        assert "the first of its 2 frames is taken" in result.stderr
    deep = tmp_path / "deep.png"
    Image.fromarray(photo[..., 0].astype(np.uint16) * 257).save(deep)
    result = raisr("encode", deep, "-o", tmp_path / "deep", *QUICK, "--json")
    assert "rounded to 8 bits" in result.stderr
    (facts,) = json.loads(result.stdout)["photographs"]
    assert facts["lost"] == ["its samples are rounded to 8 bits"]
    result = raisr("upscale", deep, "-o", tmp_path / "big.png")
    assert "rounded to 8 bits" in result.stderr
