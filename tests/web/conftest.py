"""A gallery of a few small images."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient

from raisr.codecs.jpeg import save_jpeg
from raisr.images.writing import save_png
from raisr_decoder.metadata import Metadata, pack
from raisr_web.app import create_app


@pytest.fixture(scope="session")
def photograph() -> np.ndarray:
    """A smooth image with an edge, of shape (96, 128, 3)."""
    rows, columns = np.mgrid[:96, :128]
    plane = np.where(rows > columns, 40, 2 * columns % 256)
    image = np.stack([plane, plane[::-1], plane // 2], axis=-1).astype(np.uint8)
    image.flags.writeable = False
    return image


@pytest.fixture(scope="session")
def payload(photograph: np.ndarray) -> bytes:
    """A JPEG of half the size that carries metadata."""
    return pack(save_jpeg(photograph[::2, ::2], 60), Metadata(128, 96, 60, "0123456789abcdef" * 2))


@pytest.fixture(scope="session")
def fill(photograph: np.ndarray, payload: bytes) -> Callable[[Path], Path]:
    """Makes, inside a folder, the one that `folder` describes."""

    def fill(parent: Path) -> Path:
        folder = parent / "photos"
        folder.mkdir()
        (folder / "payload.jpg").write_bytes(payload)
        (folder / "photograph.png").write_bytes(save_png(photograph))
        (folder / "broken.jpg").write_bytes(b"this is no image")
        (folder / "notes.txt").write_text("not for the gallery")
        (parent / "secret.jpg").write_bytes(payload)
        (folder / "link.jpg").symlink_to(parent / "secret.jpg")
        return folder

    return fill


@pytest.fixture
def folder(tmp_path: Path, fill: Callable[[Path], Path]) -> Path:
    """A folder with a payload, a photograph, a broken image, a text; a secret lies beside it."""
    return fill(tmp_path)


@pytest.fixture
def app(folder: Path, tmp_path: Path) -> Flask:
    return create_app({"TESTING": True, "RAISR_PHOTOS": folder, "RAISR_CACHE": tmp_path / "cache"})


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
