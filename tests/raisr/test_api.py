"""`import raisr`: what most programs use, as its documentation shows it."""

from __future__ import annotations

import doctest
import importlib
import io
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import raisr
from raisr.errors import (
    BankMissing,
    ImageUnsupported,
    InputUnreadable,
    OutputTooSmall,
    OutputUnwritable,
    SettingsInvalid,
)
from raisr.images.reading import read_photo
from raisr_decoder.bank import save
from raisr_decoder.errors import MetadataMissing
from raisr_decoder.metadata import parse
from support import SAMPLES, random_bank

QUICK = {"base": "jpeg", "scale": 2, "quality": 50}


DOCUMENTED = "raisr", "raisr.api", "raisr.fingerprint", "raisr_decoder.shapes"


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return read_photo(SAMPLES / "two-dogs.jpg")[340:436, 280:408]


@pytest.mark.parametrize(
    "module", ["raisr", "raisr.api", "raisr.fingerprint", "raisr_decoder.shapes"]
)
def test_the_examples_of_the_documentation_run(module: str) -> None:
    results = doctest.testmod(importlib.import_module(module))
    assert results.attempted
    assert not results.failed


@pytest.mark.parametrize("name", raisr.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    assert getattr(raisr, name).__doc__


def test_bytes_and_paths_are_taken_alike(photo: np.ndarray, tmp_path: Path) -> None:
    data = raisr.encode(photo, **QUICK)
    path = tmp_path / "small.jpg"
    path.write_bytes(data)
    output = raisr.decode(data)
    assert output.shape == photo.shape
    for source in (bytearray(data), memoryview(data), path, str(path)):
        assert (raisr.decode(source) == output).all()
        assert raisr.info(source) == raisr.info(data)
    assert (raisr.read(path) == output).all()


def test_arrays_and_pil_images_are_taken_alike(photo: np.ndarray) -> None:
    assert raisr.encode(Image.fromarray(photo), **QUICK) == raisr.encode(photo, **QUICK)
    clear = np.dstack([photo, np.full(photo.shape[:2], 99, np.uint8)])
    assert raisr.encode(Image.fromarray(clear), **QUICK) == raisr.encode(clear, **QUICK)
    gray = photo[..., 0]
    assert raisr.encode(Image.fromarray(gray), **QUICK) == raisr.encode(gray, **QUICK)


def test_a_pil_image_is_turned_upright(photo: np.ndarray) -> None:
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(photo).save(stream, "PNG", exif=exif)
    turned = raisr.upscale(Image.open(stream), scale=1)
    assert turned.shape == (128, 96, 3)


def test_the_engines_agree(photo: np.ndarray) -> None:
    data = raisr.encode(photo, **QUICK)
    assert (raisr.decode(data, engine="numpy") == raisr.decode(data, engine="numba")).all()


def test_the_report_says_what_was_made(photo: np.ndarray, tmp_path: Path) -> None:
    data, report = raisr.encode(photo, **QUICK, return_report=True)
    assert report.payload == data
    facts = raisr.info(data)
    assert (facts.base, facts.scale, facts.quality) == ("jpeg", Fraction(2), 50)
    assert facts.bank == report.bank
    assert facts.psnr == pytest.approx(report.psnr, abs=0.006)
    assert facts.ssimulacra2 == pytest.approx(report.score, abs=0.006)
    written = raisr.write(tmp_path / "small.webp", photo, scale=2, quality=50)
    assert written.base == "webp"
    assert (tmp_path / "small.webp").read_bytes() == written.payload


def test_other_images_are_read_as_they_are(photo: np.ndarray, tmp_path: Path) -> None:
    Image.fromarray(photo).save(tmp_path / "photo.png")
    assert (raisr.read(tmp_path / "photo.png") == photo).all()


@pytest.mark.parametrize(
    ("scale", "columns"), [("3/2", 503), (1.5, 503), (Fraction(3, 2), 503), (1.37, 459)]
)
def test_sizes_are_rounded_half_up(scale: Fraction | float | str, columns: int) -> None:
    assert raisr.upscale(np.zeros((10, 335), np.uint8), scale=scale).shape[1] == columns


def test_a_bank_that_is_named_is_used(photo: np.ndarray, tmp_path: Path) -> None:
    bank = random_bank(1, base="jpeg")
    path = tmp_path / "my.bank"
    path.write_bytes(save(bank))
    data = raisr.encode(photo, **QUICK, banks=[path])
    assert parse(data).bank == bank.id
    assert raisr.decode(data, banks=[str(tmp_path)]).shape == photo.shape
    noise = random_bank(2, base="png")
    path.write_bytes(save(noise))
    named, shipped = raisr.upscale(photo, banks=[path]), raisr.upscale(photo)
    assert np.abs(named.astype(int) - shipped).mean() > 5


def test_what_cannot_be_done_is_told(photo: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(ImageUnsupported, match="float64"):
        raisr.encode(photo / 255)
    with pytest.raises(ImageUnsupported, match="shape"):
        raisr.upscale(photo[..., :2])
    with pytest.raises(ImageUnsupported, match="list"):
        raisr.upscale([[1, 2]])  # type: ignore[arg-type]
    with pytest.raises(SettingsInvalid, match="no base"):
        raisr.encode(photo, base="gif")
    with pytest.raises(SettingsInvalid, match="no effort"):
        raisr.encode(photo, effort=9)
    with pytest.raises(SettingsInvalid, match="exclude each other"):
        raisr.upscale(photo, scale=2, output_shape=(200, 300))
    with pytest.raises(OutputTooSmall):
        raisr.upscale(photo, output_shape=(10, 10))
    with pytest.raises(BankMissing):
        raisr.encode(photo, base="webp", scale=4)
    with pytest.raises(MetadataMissing):
        raisr.decode(SAMPLES / "two-dogs.jpg")
    with pytest.raises(InputUnreadable):
        raisr.info(tmp_path / "none.jpg")
    with pytest.raises(OutputUnwritable, match="suffix"):
        raisr.write(tmp_path / "small.gif", photo)
    with pytest.raises(raisr.RaisrError, match="no scale"):
        raisr.upscale(photo, scale="much")
    with pytest.raises(raisr.RaisrError, match="no engine"):
        raisr.decode(raisr.encode(photo, **QUICK), engine="cuda")
