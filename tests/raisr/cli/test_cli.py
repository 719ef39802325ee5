from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from commands import PHOTO, fails, raisr


def test_a_command_that_draws_nothing_does_not_wait_for_matplotlib() -> None:
    script = "import sys, raisr.cli; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "False\n"


def test_bad_input_ends_in_a_sentence(payload: Path, photo: Path, tmp_path: Path) -> None:
    half = tmp_path / "half.jpg"
    half.write_bytes(payload.read_bytes()[: payload.stat().st_size // 2])
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
    fails(raisr("encode", photo, *tiny), "smallest possible")
    fails(raisr("encode", photo, "--scale", "4", "-o", webp), "no bank for base webp at scale 4")
    fails(raisr("encode", photo, "--scale", "1.37"), "write auto, 1, 3/2")
    fails(raisr("encode", photo, "--target-size", "much"), "is no size")
    fails(raisr("encode", tmp_path / "none.jpg"), "cannot be read")
    fails(raisr("train", tmp_path / "none.jpg", "-o", out), "no photographs")
    fails(raisr("train", photo, "-o", out, "--quality", "50-40"), "no rising range")
    fails(raisr("train", photo, "-o", out, "--buckets", "99"), "is none of 1, 2, 4")
    fails(raisr("train", photo, "-o", out, "--scale", "1.37"), "upsample-first serves any scale")
    fails(raisr("train", photo, "-o", out, "--scale", "0"), "is no scale")
    fails(raisr("upscale", photo, "-o", out, "--scale", "0.5"), "is no scale")
    fails(raisr("upscale", photo, "-o", out, "--scale", "30x20"), "is smaller than the picture")
    fails(raisr("upscale", other, "-o", out), "cannot be read as a picture")
    fails(raisr("evaluate", photo, "--scale", "1"), "is no scale that fits here")
    fails(raisr("evaluate", photo, "--scale", "9"), "is no scale that fits here")
    fails(raisr("evaluate", photo, "--bank", other), "damaged bank")
    fails(raisr("evaluate", tmp_path / "none"), "cannot be read")
    assert not out.exists()
    assert not webp.exists()


@pytest.mark.parametrize("command", ["encode", "evaluate", "info", "decode", "train", "upscale"])
def test_help_teaches(command: str) -> None:
    result = raisr(command, "--help")
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 5


def test_the_list_of_commands_cuts_no_sentence() -> None:
    assert "..." not in raisr("--help").output.replace("ARGS]...", "")
