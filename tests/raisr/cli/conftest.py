"""A payload that several commands look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import PHOTO, raisr


@pytest.fixture(scope="session")
def payload(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("payload") / "small.jpg"
    result = raisr("encode", PHOTO, "-o", path, "--base", "jpeg", "--scale", 2, "--quality", 40)
    assert result.exit_code == 0, result.output
    return path
