from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from raisr.batch import INDEX
from raisr.cli import main
from raisr.images.reading import decode_base, read_photo
from raisr.images.writing import save_png
from raisr_decoder.bank import save
from raisr_decoder.metadata import parse
from support import SAMPLES, random_bank

PHOTO = SAMPLES / "mountain-meadow.jpg"
QUICK = ("--base", "jpeg", "--scale", 2, "--quality", 50, "--jobs", 1)


def raisr(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def payload(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("payload") / "small.jpg"
    result = raisr("encode", PHOTO, "-o", path, "--base", "jpeg", "--scale", 2, "--quality", 40)
    assert result.exit_code == 0, result.output
    return path


def fails(result: Result, message: str) -> None:
    """It ends in a sentence, not in a traceback."""
    assert result.exit_code in (1, 2)
    assert isinstance(result.exception, SystemExit)
    assert message in result.output


def test_a_payload_is_an_ordinary_smaller_picture(payload: Path) -> None:
    assert decode_base(payload.read_bytes()).shape == (500, 750, 3)
    assert parse(payload.read_bytes()).shape == (1000, 1500)


def test_restore_writes_the_full_picture(payload: Path, tmp_path: Path) -> None:
    pictures = []
    for engine in ("numba", "numpy"):
        target = tmp_path / f"{engine}.png"
        result = raisr("decode", payload, "-o", target, "--engine", engine)
        assert result.exit_code == 0, result.output
        assert "1500 x 1000" in result.output
        pictures.append(read_photo(target))
    assert pictures[0].shape == (1000, 1500, 3)
    assert (pictures[0] == pictures[1]).all()


def test_info_tells_what_the_record_says(payload: Path) -> None:
    facts = json.loads(raisr("info", payload, "--json").output)
    assert (facts["width"], facts["height"]) == (1500, 1000)
    assert facts["bytes"] == payload.stat().st_size
    assert str(facts["bank"]) in raisr("info", payload).output


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
    photo, twin = tmp_path / "photo.jpg", tmp_path / "photo.png"
    photo.write_bytes(PHOTO.read_bytes())
    before = photo.read_bytes()
    fails(raisr("encode", photo, "-o", photo, *QUICK), "is the file that is being read")
    fails(raisr("encode", photo, "-o", tmp_path, *QUICK), "is the file that is being read")
    fails(raisr("upscale", photo, "-o", photo), "is the file that is being read")
    fails(raisr("decode", photo, "-o", photo), "is the file that is being read")
    twin.write_bytes(save_png(read_photo(PHOTO)[:40, :60]))
    fails(raisr("encode", photo, twin, "-o", tmp_path / "out"), "would all become")
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


def test_train_writes_a_bank_and_its_provenance(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(save_png(read_photo(PHOTO)[:300, :300]))
    bank = tmp_path / "new.bank"
    options = (
        "--quality",
        "40-50",
        "--buckets",
        4,
        "--jobs",
        1,
        "--checkpoints",
        tmp_path / "work",
    )
    result = raisr("train", photo, "-o", bank, *options)
    assert result.exit_code == 0, result.output
    facts = json.loads(raisr("info", bank, "--json").output)
    note = json.loads(bank.with_suffix(".json").read_text())
    assert note["bank"] == facts["id"]
    assert note["photographs"]["used"] == 1
    assert len(note["sparse_buckets"]["stages"]) == 1
    assert "fewer than 640 cells" in result.output
    assert not list((tmp_path / "work").iterdir())
    assert facts["quality"] == "40-50"
    encoded = raisr("encode", photo, *QUICK, "--bank", bank)
    assert encoded.exit_code == 0
    assert parse((tmp_path / "photo.raisr.jpg").read_bytes()).bank == facts["id"]


def test_train_writes_a_bank_for_each_range_of_quality(tmp_path: Path) -> None:
    photo, banks = tmp_path / "photo.png", tmp_path / "banks"
    photo.write_bytes(save_png(read_photo(PHOTO)[:200, :200]))
    ranges = ("--quality", "10-20", "--quality", "70-80", "--buckets", 2, "--jobs", 1)
    result = raisr("train", photo, "-o", banks, *ranges, "--checkpoints", tmp_path / "work")
    assert result.exit_code == 0, result.output
    notes = [json.loads(bank.with_suffix(".json").read_text()) for bank in banks.glob("*.bank")]
    assert sorted(note["quality"] for note in notes) == [[10, 20], [70, 80]]
    assert {note["cost"]["banks"] for note in notes} == {2}
    fails(raisr("train", photo, "-o", photo, *ranges), "several banks need a folder")


@pytest.mark.parametrize(
    ("scale", "size"), [("2", "60 x 40"), ("1.37", "41 x 27"), ("100x45", "68 x 45")]
)
def test_upscale_enlarges_an_ordinary_picture(tmp_path: Path, scale: str, size: str) -> None:
    photo, target = tmp_path / "photo.png", tmp_path / "big.png"
    photo.write_bytes(save_png(read_photo(PHOTO)[:20, :30]))
    result = raisr("upscale", photo, "-o", target, "--scale", scale)
    assert result.exit_code == 0, result.output
    assert size in result.output
    rows, columns, _ = read_photo(target).shape
    assert f"{columns} x {rows}" == size


def test_info_draws_a_bank(payload: Path, tmp_path: Path) -> None:
    bank, target = tmp_path / "my.bank", tmp_path / "filters.png"
    bank.write_bytes(save(random_bank(1)))
    result = raisr("info", bank, "--plot", target, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["id"] == random_bank(1).id
    assert read_photo(target).shape[1] > 500
    fails(raisr("info", bank, "--plot", bank), "is the file that is being read")
    fails(raisr("info", payload, "--plot", target), "is no bank")


def test_a_command_that_draws_nothing_does_not_wait_for_matplotlib() -> None:
    script = "import sys, raisr.cli; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "False\n"


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
    fails(raisr("evaluate", clean_pictures, "--bank", path), "enlarges by 3, not by 2")


def test_bad_input_ends_in_a_sentence(payload: Path, tmp_path: Path) -> None:
    half = tmp_path / "half.jpg"
    half.write_bytes(payload.read_bytes()[:3000])
    damaged = bytearray(payload.read_bytes())
    damaged[40] ^= 1
    (tmp_path / "damaged.jpg").write_bytes(damaged)
    other = tmp_path / "other.txt"
    other.write_text("hello")
    out, webp = tmp_path / "out.png", tmp_path / "out.webp"
    tiny = ("--target-size", "100", "-o", webp)
    fails(raisr("decode", half, "-o", out), "breaks off")
    fails(raisr("decode", tmp_path / "damaged.jpg", "-o", out), "damaged raisr metadata")
    fails(raisr("decode", PHOTO, "-o", out), "carries no raisr metadata")
    fails(raisr("decode", other, "-o", out), "not a JPEG, PNG, WebP or AVIF file")
    fails(raisr("decode", tmp_path / "none.jpg", "-o", out), "cannot be read")
    fails(raisr("decode", payload, "-o", payload / "out.png"), "cannot be written")
    fails(raisr("info", other), "not a JPEG, PNG, WebP or AVIF file")
    fails(raisr("encode", PHOTO, *tiny), "smallest possible")
    fails(raisr("encode", PHOTO, "--scale", "4", "-o", webp), "no bank for base webp at scale 4")
    fails(raisr("encode", PHOTO, "--scale", "1.37"), "is none of")
    fails(raisr("encode", PHOTO, "--target-size", "much"), "is no size")
    fails(raisr("encode", tmp_path / "none.jpg"), "cannot be read")
    fails(raisr("train", tmp_path / "none.jpg", "-o", out), "no photographs")
    fails(raisr("train", PHOTO, "-o", out, "--quality", "50-40"), "no rising range")
    fails(raisr("train", PHOTO, "-o", out, "--buckets", "99"), "is none of 1, 2, 4")
    fails(raisr("train", PHOTO, "-o", out, "--scale", "1.37"), "upsample-first serves any scale")
    fails(raisr("train", PHOTO, "-o", out, "--scale", "0"), "is no scale")
    fails(raisr("upscale", PHOTO, "-o", out, "--scale", "0.5"), "is no scale")
    fails(raisr("upscale", PHOTO, "-o", out, "--scale", "30x20"), "is smaller than the picture")
    fails(raisr("upscale", other, "-o", out), "cannot be read as a picture")
    fails(raisr("evaluate", PHOTO, "--scale", "1"), "is no scale above 1")
    fails(raisr("evaluate", PHOTO, "--scale", "9"), "is no scale above 1")
    fails(raisr("evaluate", PHOTO, "--bank", other), "damaged bank")
    fails(raisr("evaluate", tmp_path / "none"), "cannot be read")
    assert not out.exists()
    assert not webp.exists()


@pytest.mark.parametrize("command", ["encode", "evaluate", "info", "decode", "train", "upscale"])
def test_help_teaches(command: str) -> None:
    result = raisr(command, "--help")
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 5


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
