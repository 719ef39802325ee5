from pathlib import Path

import numpy as np
from flask import Flask, render_template
from flask.testing import FlaskClient

from raisr.images.writing import save_png
from raisr_web.app import create_app
from raisr_web.savings import MAX_BREAK_EVEN, Savings, measure


def test_a_download_is_outweighed_by_what_images_save() -> None:
    assert Savings(2, sent=30_000, plain=50_000).break_even(1_000_001) == 101
    assert Savings(2, sent=30_000, plain=30_000).break_even(1_000_000) is None


def test_a_download_that_practically_never_pays_for_itself_says_so(app: Flask) -> None:
    assert Savings(1, sent=30_000, plain=30_350).break_even(3_500_000) == MAX_BREAK_EVEN
    never = Savings(1, sent=30_000, plain=30_002)
    assert never.break_even(3_528_376) is None
    with app.test_request_context():
        text = render_template("savings.txt", savings=never, runtime=3_528_376)
    assert "With such photographs Python practically never pays for itself." in text


def test_photographs_are_measured_and_payloads_without_theirs_are_not(
    app: Flask, client: FlaskClient
) -> None:
    found = measure(app.extensions["raisr"])
    sent = len(client.get("/photos/photograph.png").data)
    assert (found.images, found.sent) == (1, sent)
    assert found.plain > 0


def test_payloads_are_measured_beside_their_photographs(
    folder: Path, tmp_path: Path, photograph: np.ndarray
) -> None:
    cache = tmp_path / "cache"
    client = create_app({"RAISR_PHOTOS": folder, "RAISR_CACHE": cache}).test_client()
    payload = client.get("/photos/photograph.png").data
    demo, references = tmp_path / "demo", tmp_path / "references"
    demo.mkdir()
    references.mkdir()
    (demo / "photograph.jpg").write_bytes(payload)
    (references / "photograph.png").write_bytes(save_png(photograph))
    folders = {"RAISR_PHOTOS": demo, "RAISR_CACHE": cache}
    apart = create_app(folders).extensions["raisr"]
    assert measure(apart) == Savings(0, 0, 0)
    together = create_app({**folders, "RAISR_REFERENCES": references}).extensions["raisr"]
    assert measure(together).images == 1


def test_the_page_says_what_is_saved(client: FlaskClient) -> None:
    assert 'data-address="/savings.txt"' in client.get("/").text
    answer = client.get("/savings.txt")
    assert answer.mimetype == "text/plain"
    assert answer.text.startswith("One photograph of this page, measured: ")
