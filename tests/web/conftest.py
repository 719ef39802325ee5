"""A gallery of a few small images."""

from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient

from raisr.codecs.jpeg import save_jpeg
from raisr.images.writing import save_png
from raisr_decoder.metadata import Metadata, pack
from raisr_web.app import create_app


@pytest.fixture
def photograph() -> np.ndarray:
    """A smooth image with an edge, of shape (96, 128, 3)."""
    rows, columns = np.mgrid[:96, :128]
    plane = np.where(rows > columns, 40, 2 * columns % 256)
    return np.stack([plane, plane[::-1], plane // 2], axis=-1).astype(np.uint8)


@pytest.fixture
def payload(photograph: np.ndarray) -> bytes:
    """A JPEG of half the size that carries metadata."""
    return pack(save_jpeg(photograph[::2, ::2], 60), Metadata(128, 96, 60, "0123456789abcdef" * 2))


@pytest.fixture
def folder(tmp_path: Path, photograph: np.ndarray, payload: bytes) -> Path:
    """A folder with a payload, a photograph, a broken image, a text; a secret lies beside it."""
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "payload.jpg").write_bytes(payload)
    (folder / "photograph.png").write_bytes(save_png(photograph))
    (folder / "broken.jpg").write_bytes(b"this is no image")
    (folder / "notes.txt").write_text("not for the gallery")
    (tmp_path / "secret.jpg").write_bytes(payload)
    (folder / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    return folder


@pytest.fixture
def app(folder: Path, tmp_path: Path) -> Flask:
    return create_app({"TESTING": True, "RAISR_PHOTOS": folder, "RAISR_CACHE": tmp_path / "cache"})


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
