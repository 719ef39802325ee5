"""A photograph and its payload, which several commands look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import PHOTO, raisr
from raisr.images.reading import read_photo
from raisr.images.writing import save_png


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photograph of 300 x 200 pixels."""
    path = tmp_path_factory.mktemp("photo") / "meadow.png"
    path.write_bytes(save_png(read_photo(PHOTO)[400:600, 500:800]))
    return path


@pytest.fixture(scope="session")
def payload(photo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("payload") / "small.jpg"
    result = raisr("encode", photo, "-o", path, "--base", "jpeg", "--scale", 2, "--quality", 40)
    assert result.exit_code == 0, result.output
    return path
