"""Folders of photographs: what is skipped, what is named, and that nothing is left half-written."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from raisr.batch import INDEX
from raisr.cli import main
from raisr.images.reading import read_photo
from raisr.images.writing import save_png
from raisr_decoder.metadata import parse
from support import SAMPLES

QUICK = ("--base", "jpeg", "--scale", "2", "--quality", "50", "--jobs", "1")


def raisr(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["encode", *map(str, arguments)])


def facts(*arguments: object) -> dict:
    result = raisr(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def fails(result: Result, message: str) -> None:
    assert result.exit_code in (1, 2)
    assert isinstance(result.exception, SystemExit)
    assert message in result.output


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of three small photographs, one of them in a sub-folder."""
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    picture = read_photo(SAMPLES / "mountain-meadow.jpg")
    for number, name in enumerate(("a", "b", "sub/c")):
        crop = picture[300 : 340 + 10 * number, 200:260]
        (folder / f"{name}.png").write_bytes(save_png(crop))
    return folder


def payloads(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != INDEX
    }


def test_what_is_unchanged_is_skipped_whatever_the_clocks_say(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = facts(photos, "-o", out, *QUICK)
    assert (first["totals"]["encoded"], first["totals"]["unchanged"]) == (3, 0)
    before = payloads(out)
    assert sorted(before) == ["a.jpg", "b.jpg", "sub/c.jpg"]
    for path in (photos / "a.png", out / "b.jpg"):
        os.utime(path, (2e9, 2e9))
    again = facts(photos, "-o", out, *QUICK)
    assert (again["totals"]["encoded"], again["totals"]["unchanged"]) == (0, 3)
    assert payloads(out) == before
    for one, other in zip(first["photographs"], again["photographs"], strict=True):
        assert one | {"unchanged": True} == other


def test_what_is_changed_missing_or_damaged_is_made_anew(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    facts(photos, "-o", out, *QUICK)
    before = payloads(out)
    (photos / "a.png").write_bytes((photos / "b.png").read_bytes())
    (out / "b.jpg").write_bytes(b"damaged")
    (out / "sub" / "c.jpg").unlink()
    assert facts(photos, "-o", out, *QUICK)["totals"]["encoded"] == 3
    assert payloads(out) == before | {"a.jpg": before["b.jpg"]}
    assert facts(photos, "-o", out, *QUICK, "--effort", 1)["totals"]["encoded"] == 3


def test_no_payload_of_another_photograph_is_overwritten(photos: Path, tmp_path: Path) -> None:
    out, other = tmp_path / "out", tmp_path / "other" / "a.png"
    other.parent.mkdir()
    other.write_bytes((photos / "b.png").read_bytes())
    facts(photos / "a.png", "-o", out, *QUICK)
    before = payloads(out)
    fails(raisr(other, "-o", out, *QUICK), "would all become")
    fails(raisr(other, "-o", out / "a.jpg", *QUICK), "would all become")
    assert payloads(out) == before
    moved = photos.rename(tmp_path / "moved")
    assert facts(moved / "a.png", "-o", out, *QUICK)["totals"]["unchanged"] == 1
    assert facts(moved / "a.png", "-o", out, *QUICK, "--effort", 1)["totals"]["encoded"] == 1


def test_no_file_is_overwritten_that_is_no_payload(photos: Path, tmp_path: Path) -> None:
    ordinary = tmp_path / "a.jpg"
    ordinary.write_bytes((photos / "b.png").read_bytes())
    fails(raisr(photos / "a.png", "-o", tmp_path, *QUICK), "raisr did not write")
    fails(raisr(photos / "a.png", "-o", ordinary, *QUICK), "raisr did not write")
    assert ordinary.read_bytes() == (photos / "b.png").read_bytes()


def test_a_damaged_index_costs_time_and_nothing_else(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    facts(photos, "-o", out, *QUICK)
    index = out / INDEX
    index.write_bytes(b'\xff\n[1]\n{"key": 3}\n' + index.read_bytes()[:-30])
    assert facts(photos, "-o", out, *QUICK)["totals"]["encoded"] == 1
    assert facts(photos, "-o", out, *QUICK)["totals"]["unchanged"] == 3


def test_payloads_are_no_photographs(photos: Path) -> None:
    assert len(facts(photos, *QUICK)["photographs"]) == 3
    assert len(facts(photos, *QUICK)["photographs"]) == 3
    assert (photos / "a.raisr.jpg").exists()
    assert not list(photos.rglob("*.raisr.raisr*"))


@pytest.mark.slow
def test_every_figure_is_in_the_json(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (photos / "bad.png").write_bytes(b"no picture")
    result = raisr(photos, "-o", out, "--target-score", 50, "--effort", 1, "--json", "--jobs", 1)
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    for each in told["photographs"]:
        payload = Path(each["payload"]).read_bytes()
        metadata = parse(payload)
        assert (each["bytes"], each["bank"]) == (len(payload), metadata.bank)
        assert (each["score"], each["psnr"]) == (metadata.score, metadata.psnr)
        assert each["score"] >= 50
        assert each["share"] == each["bytes"] / each["photo_bytes"]
    assert told["totals"]["bytes"] == sum(each["bytes"] for each in told["photographs"])
    assert told["totals"]["failed"] == 1
    assert told["failures"][0]["photo"].endswith("bad.png")


@pytest.mark.slow
def test_processes_and_a_cluster_make_the_same_payloads(
    photos: Path, tmp_path: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    facts(photos, "-o", tmp_path / "one", *QUICK)
    facts(photos, "-o", tmp_path / "two", *QUICK[:-1], "2")
    address, _ = cluster
    facts(photos, "-o", tmp_path / "three", *QUICK, "--scheduler", address)
    one, two, three = (payloads(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two == three


@pytest.mark.parametrize("suffix", [".avif", ".jpeg", ".jpg", ".png", ".webp"])
def test_the_suffix_of_a_file_chooses_the_base_codec(
    photos: Path, tmp_path: Path, suffix: str
) -> None:
    target = tmp_path / f"small{suffix}"
    (made,) = facts(photos / "a.png", "-o", target, "--target-size", "9KB")["photographs"]
    assert made["base"] == {".jpeg": "jpeg", ".jpg": "jpeg"}.get(suffix, suffix[1:])
    assert parse(target.read_bytes()).shape == (40, 60)


def test_a_name_that_contradicts_is_refused(photos: Path, tmp_path: Path) -> None:
    photo = photos / "a.png"
    fails(raisr(photo, "-o", tmp_path / "a.jpg", "--base", "webp"), "is no name for base webp")
    fails(raisr(photo, "-o", tmp_path / "a.gif"), "ends in none of")
    fails(raisr(photo, "--quality", 30, "--target-size", "9KB"), "exclude each other")
    fails(raisr(photo, "--base", "png", "--quality", 30), "png is lossless")


def test_bad_photographs_are_named(photos: Path, tmp_path: Path) -> None:
    empty, bomb, nothing = tmp_path / "empty.jpg", tmp_path / "bomb.png", tmp_path / "nothing"
    empty.touch()
    nothing.mkdir()
    data = bytearray((photos / "a.png").read_bytes())
    data[16:24] = (65000).to_bytes(4, "big") * 2
    bomb.write_bytes(data)
    out = tmp_path / "out"
    result = raisr(empty, bomb, photos / "a.png", "-o", out, *QUICK)
    fails(result, "empty.jpg: cannot be read as a picture")
    fails(result, "bomb.png: cannot be read as a picture")
    assert list(payloads(out)) == ["a.jpg"]
    fails(raisr(nothing), "no photographs in")


def test_an_impossible_target_says_what_is_possible(photos: Path, tmp_path: Path) -> None:
    photo, target = photos / "a.png", tmp_path / "small.jpg"
    fails(raisr(photo, "-o", target, "--target-size", "50"), "the smallest possible payload here")
    impossible = ("--target-score", 99.9, "--scale", 2)
    fails(raisr(photo, "-o", target, *impossible), "the best possible here is")
    assert not target.exists()


@pytest.mark.parametrize("place", ["photos/a.png/out", "/proc/out", "/dev/null/out"])
def test_an_unwritable_folder_is_named(photos: Path, tmp_path: Path, place: str) -> None:
    fails(raisr(photos / "b.png", "-o", tmp_path / place, *QUICK), "cannot be written")


@pytest.mark.slow
def test_a_full_disk_leaves_nothing_behind(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    facts(photos, "-o", tmp_path / "else", *QUICK)  # Compiles kernels, which go to a disk, too.
    program = "from raisr.cli import main; main()"
    command = [sys.executable, "-c", program, "encode", photos, "-o", out, *QUICK]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=fill_the_disk)
    assert done.returncode == 1
    assert done.stderr.count("cannot be written (File too large)") == 3
    assert "Traceback" not in done.stderr
    assert not payloads(out)


def fill_the_disk() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
