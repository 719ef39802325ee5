from pathlib import Path

from flask import Flask

from raisr_web.app import create_app


def test_settings_are_taken_over(tmp_path: Path) -> None:
    assert not create_app({"RAISR_CACHE": tmp_path}).testing
    assert create_app({"RAISR_CACHE": tmp_path, "TESTING": True}).testing


def test_nothing_is_written_before_an_image_is_asked_for(tmp_path: Path) -> None:
    create_app({"RAISR_PHOTOS": tmp_path, "RAISR_CACHE": tmp_path / "cache"})
    assert not list(tmp_path.iterdir())


def test_a_request_for_another_host_is_refused(app: Flask) -> None:
    app.config["TRUSTED_HOSTS"] = ["127.0.0.1"]
    response = app.test_client().get("/", headers={"Host": "elsewhere.example"})
    assert response.status_code == 400
    assert "not trusted" in response.text
