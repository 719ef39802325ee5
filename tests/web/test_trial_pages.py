"""The pages on which visitors try photographs."""

import io
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from raisr_decoder.metadata import parse
from raisr_web import photos, trials
from raisr_web.trials import MAX_BYTES


def test_a_photograph_can_be_tried(client: FlaskClient, folder: Path) -> None:
    sent = send(client, (folder / "photograph.png").read_bytes(), "photograph.png")
    assert sent.status_code == 303
    address = sent.location
    wait_for(client, address)
    page = client.get(address).text
    assert "plain AVIF" in page
    assert parse(client.get(f"{address}/payload").data).shape == (96, 128)
    assert client.get(f"{address}/webp").mimetype == "image/webp"
    assert client.get(f"{address}/png").status_code == 404


def test_a_trial_that_saves_next_to_nothing_says_so(
    app: Flask, client: FlaskClient, folder: Path
) -> None:
    address = send(client, (folder / "photograph.png").read_bytes(), "photograph.png").location
    wait_for(client, address)
    trial = app.extensions["raisr-trials"].find(address.rpartition("/")[2])
    trial.same_quality = len(trial.payload.payload) + 2
    page = " ".join(client.get(address).text.split())
    assert "With such photographs Python practically never pays for itself." in page
    trial.same_quality = len(trial.payload.payload) + 100_000
    assert "images on, that is more than the" in " ".join(client.get(address).text.split())


def test_a_script_in_a_name_is_shown_and_not_run(client: FlaskClient, folder: Path) -> None:
    name = "<script>alert(1)</script>.png"
    sent = send(client, (folder / "photograph.png").read_bytes(), name)
    page = client.get(sent.location).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize(
    ("data", "name", "complaint"),
    [
        (b"this is no image", "photo.jpg", "cannot be read as"),
        (b"<svg onload='alert(1)'/>", "photo.svg", "cannot be read as"),
        (b"", "", "choose a photograph"),
    ],
)
def test_what_is_no_photograph_is_refused_in_words(
    client: FlaskClient, data: bytes, name: str, complaint: str
) -> None:
    response = send(client, data, name)
    assert response.status_code == 400
    assert complaint in response.text


def test_an_upload_of_too_many_bytes_is_refused(app: Flask) -> None:
    assert app.config["MAX_CONTENT_LENGTH"] < 2 * MAX_BYTES
    app.config["MAX_CONTENT_LENGTH"] = 1000
    response = send(app.test_client(), bytes(2000), "photo.jpg")
    assert response.status_code == 413
    assert "may have 20 MB at most" in response.text
    assert 'data-max-bytes="20000000"' in app.test_client().get("/try").text


def test_an_upload_of_too_many_pixels_is_refused(client: FlaskClient) -> None:
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    response = send(client, bomb.getvalue(), "bomb.png")
    assert response.status_code == 400
    assert "limit" in response.text


def test_a_size_that_is_not_offered_is_refused(client: FlaskClient, folder: Path) -> None:
    data = (folder / "photograph.png").read_bytes()
    assert send(client, data, "photo.png", size="1").status_code == 400


def test_an_unknown_trial_says_so(client: FlaskClient) -> None:
    response = client.get("/try/nothing")
    assert response.status_code == 404
    assert "try the photograph again" in response.text


def test_a_trial_that_waits_says_so(app: Flask, client: FlaskClient, folder: Path) -> None:
    with app.extensions["raisr"].jobs.slot():
        address = send(client, (folder / "photograph.png").read_bytes(), "photo.png").location
        time.sleep(0.2)
        status = client.get(f"{address}/status.json").json
        assert status == {
            "finished": False,
            "steps": [{"name": "waiting for other photographs", "seconds": None}],
        }
        assert "waiting for other photographs" in client.get(address).text
    wait_for(client, address)
    assert "waiting" not in client.get(address).text


def test_a_trial_and_a_decode_do_not_run_at_the_same_time(
    app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running: list[str] = []
    seen: list[list[str]] = []

    def watched(name: str, function: Any) -> Any:
        def watching(*arguments: Any, **options: Any) -> Any:
            running.append(name)
            time.sleep(0.05)
            seen.append(running.copy())
            try:
                return function(*arguments, **options)
            finally:
                running.remove(name)

        return watching

    for name in ("decode_reduced", "search", "baseline", "bytes_of_same_quality"):
        monkeypatch.setattr(trials, name, watched("trial", getattr(trials, name)))
    for name in ("search", "decode"):
        monkeypatch.setattr(photos, name, watched("page", getattr(photos, name)))
    data = (folder / "photograph.png").read_bytes()
    for number in range(3):
        (folder / f"{number}.png").write_bytes(data + bytes(number + 1))

    client = app.test_client()
    address = send(client, data, "photo.png").location
    with ThreadPoolExecutor() as pool:
        paths = [f"/decoded/{number}.png" for number in range(3)]
        assert all(r.status_code == 200 for r in pool.map(app.test_client().get, paths))
    wait_for(client, address)
    assert {name for names in seen for name in names} == {"trial", "page"}
    assert all(len(names) == 1 for names in seen), seen


def wait_for(client: FlaskClient, address: str) -> None:
    """Wait until a trial has finished."""
    deadline = time.monotonic() + 120
    while not client.get(f"{address}/status.json").json["finished"]:  # type: ignore[index]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def send(client: FlaskClient, data: bytes, name: str, size: str = "12500") -> TestResponse:
    return client.post("/try", data={"photo": (io.BytesIO(data), name), "size": size})
