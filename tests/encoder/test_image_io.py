from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from raisr_decoder.errors import LimitExceeded
from raisr_encoder import image_io
from raisr_encoder.errors import InputUnreadable, PictureUnreadable
from support import random_picture

PICTURE = random_picture(1, 20, 30)


def file_of(image: Image.Image, container: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, container, **options)
    return stream.getvalue()


def test_a_lossless_picture_comes_in_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(image_io.save_png(PICTURE))
    assert (image_io.read_photo(path) == PICTURE).all()


def test_a_gray_picture_becomes_rgb() -> None:
    gray = PICTURE[..., 0]
    photo = image_io.decode_photo(file_of(Image.fromarray(gray)), "gray.png")
    assert (photo == gray[..., None]).all()


def test_an_upright_picture_results_from_exif_orientation() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = file_of(Image.fromarray(PICTURE), exif=exif)
    assert (image_io.decode_photo(data, "turned.png") == np.rot90(PICTURE, -1)).all()
    assert image_io.photo_shape(data, "turned.png") == (30, 20)


def test_the_shape_is_known_from_the_header() -> None:
    assert image_io.photo_shape(image_io.save_jpeg(PICTURE, 50)[:400], "photo.jpg") == (20, 30)


def test_profiles_are_converted_to_srgb() -> None:
    flat = np.full((8, 8, 3), (200, 40, 90), np.uint8)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    same = image_io.decode_photo(file_of(Image.fromarray(flat), icc_profile=profile), "srgb.png")
    assert np.abs(same.astype(int) - flat).max() <= 1


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff\xe0"])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(PictureUnreadable, match=r"some\.jpg"):
        image_io.decode_photo(data, "some.jpg")


@pytest.mark.parametrize("container", ["PNG", "JPEG", "WEBP", "AVIF"])
def test_truncated_pictures_are_refused(container: str) -> None:
    data = file_of(Image.fromarray(random_picture(2, 200, 200)), container)
    with pytest.raises(PictureUnreadable):
        image_io.decode_photo(data[: len(data) // 2], "half")
    with pytest.raises(PictureUnreadable):
        image_io.decode_base(data[: len(data) // 2])


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputUnreadable):
        image_io.read_photo(tmp_path / "none.jpg")


def test_pictures_over_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_io, "MAX_PIXELS", 599)
    with pytest.raises(LimitExceeded):
        image_io.decode_photo(image_io.save_png(PICTURE), "large.png")


def test_bombs_are_refused_before_they_are_decoded() -> None:
    data = bytearray(file_of(Image.new("L", (64, 64))))
    data[16:24] = (65000).to_bytes(4, "big") * 2
    with pytest.raises((PictureUnreadable, LimitExceeded)):
        image_io.decode_photo(bytes(data), "bomb.png")
