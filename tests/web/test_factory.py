from pathlib import Path

from raisr_web.app import create_app


def test_settings_are_taken_over(tmp_path: Path) -> None:
    assert not create_app({"RAISR_CACHE": tmp_path}).testing
    assert create_app({"RAISR_CACHE": tmp_path, "TESTING": True}).testing


def test_nothing_is_written_before_a_picture_is_asked_for(tmp_path: Path) -> None:
    create_app({"RAISR_PHOTOS": tmp_path, "RAISR_CACHE": tmp_path / "cache"})
    assert not list(tmp_path.iterdir())
