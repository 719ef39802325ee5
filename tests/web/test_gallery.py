import io
import time
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from raisr_decoder.metadata import parse
from raisr_web.gallery import EXAMPLES
from raisr_web.trials import MAX_BYTES


def test_the_gallery_shows_pictures_and_nothing_else(client: FlaskClient) -> None:
    page = client.get("/").text
    assert '<raisr-img src="/photos/payload.jpg"' in page
    assert '<raisr-img src="/photos/photograph.png"' in page
    assert "notes.txt" not in page
    assert "link.jpg" not in page


def test_the_gallery_says_which_picture_is_unreadable(client: FlaskClient) -> None:
    page = client.get("/").text
    assert 'src="/photos/broken.jpg"' not in page
    assert "broken.jpg: cannot be read as a picture" in page


def test_the_gallery_gives_full_sizes_before_anything_is_restored(client: FlaskClient) -> None:
    assert client.get("/").text.count('width="128" height="96"') == 6


def test_an_empty_folder_says_so(client: FlaskClient, folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    assert "no photographs in this folder" in client.get("/").text


def test_a_picture_has_a_page_with_its_figures(client: FlaskClient) -> None:
    page = client.get("/picture/photograph.png/").text
    assert "img-comparison-slider" in page
    assert "128 × 96" in page
    assert " dB" in page


@pytest.mark.parametrize("name", ["absent.jpg", "broken.jpg", "..%2fsecret.jpg"])
def test_what_is_no_picture_has_no_page(client: FlaskClient, name: str) -> None:
    assert client.get(f"/picture/{name}/").status_code == 404


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_feature_has_an_example(client: FlaskClient, name: str) -> None:
    assert "<raisr-img" in client.get(f"/examples/{name}/").text


def test_the_examples_are_listed(client: FlaskClient) -> None:
    page = client.get("/examples/").text
    assert [f'href="/examples/{name}/"' in page for name in EXAMPLES] == [True] * len(EXAMPLES)


@pytest.mark.parametrize("name", ["base", "index"])
def test_no_other_template_is_an_example(client: FlaskClient, name: str) -> None:
    assert client.get(f"/examples/{name}/").status_code == 404


def test_a_photograph_can_be_tried(client: FlaskClient, folder: Path) -> None:
    sent = send(client, (folder / "photograph.png").read_bytes(), "photograph.png")
    assert sent.status_code == 303
    address = sent.location
    deadline = time.monotonic() + 120
    while not client.get(f"{address}/status.json").json["finished"]:  # type: ignore[index]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    page = client.get(address).text
    assert "plain AVIF" in page
    assert parse(client.get(f"{address}/payload").data).shape == (96, 128)
    assert client.get(f"{address}/webp").mimetype == "image/webp"
    assert client.get(f"{address}/png").status_code == 404


def test_a_script_in_a_name_is_shown_and_not_run(client: FlaskClient, folder: Path) -> None:
    name = "<script>alert(1)</script>.png"
    sent = send(client, (folder / "photograph.png").read_bytes(), name)
    page = client.get(sent.location).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize(
    ("data", "name", "complaint"),
    [
        (b"this is no picture", "photo.jpg", "cannot be read as a picture"),
        (b"<svg onload='alert(1)'/>", "photo.svg", "cannot be read as a picture"),
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
    assert send(app.test_client(), bytes(2000), "photo.jpg").status_code == 413


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


def test_a_request_for_another_host_is_refused(app: Flask) -> None:
    app.config["TRUSTED_HOSTS"] = ["127.0.0.1"]
    response = app.test_client().get("/", headers={"Host": "elsewhere.example"})
    assert response.status_code == 400
    assert "not trusted" in response.text


def send(client: FlaskClient, data: bytes, name: str, size: str = "12500") -> TestResponse:
    return client.post("/try", data={"photo": (io.BytesIO(data), name), "size": size})
