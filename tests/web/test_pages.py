from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from raisr_decoder import bank as banks
from raisr_decoder.payload import parse
from raisr_web.runtime import FOLDER as RUNTIME


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
    assert client.get("/").text.count('width="128" height="96"') == 4


def test_an_empty_folder_says_so(client: FlaskClient, folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    assert "no photographs in this folder" in client.get("/").text


def test_a_payload_is_sent_unchanged(client: FlaskClient, payload: bytes) -> None:
    response = client.get("/photos/payload.jpg")
    assert response.data == payload
    assert response.mimetype == "image/jpeg"


def test_a_payload_with_a_damaged_record_is_sent_unchanged(
    client: FlaskClient, folder: Path, payload: bytes
) -> None:
    bank_id = bytes.fromhex(parse(payload).bank or "")
    damaged = payload.replace(bank_id, bank_id[::-1])
    (folder / "damaged.jpg").write_bytes(damaged)
    assert client.get("/photos/damaged.jpg").data == damaged
    assert '<raisr-img src="/photos/damaged.jpg"' in client.get("/").text


def test_a_photograph_is_encoded_once(client: FlaskClient, tmp_path: Path) -> None:
    first = client.get("/photos/photograph.png")
    assert first.mimetype == "image/jpeg"
    assert parse(first.data).shape == (96, 128)
    (kept,) = (tmp_path / "cache").iterdir()
    written = kept.stat().st_mtime_ns
    assert client.get("/photos/photograph.png").data == first.data
    assert kept.stat().st_mtime_ns == written


def test_a_changed_photograph_is_encoded_anew(
    client: FlaskClient, folder: Path, tmp_path: Path
) -> None:
    client.get("/photos/photograph.png")
    photograph = (folder / "photograph.png").read_bytes()
    (folder / "photograph.png").write_bytes(photograph + b"\0")
    client.get("/photos/photograph.png")
    assert len(list((tmp_path / "cache").iterdir())) == 2


@pytest.mark.parametrize("name", ["payload.jpg", "photograph.png"])
def test_an_unchanged_payload_is_not_sent_again(client: FlaskClient, name: str) -> None:
    first = client.get(f"/photos/{name}")
    again = client.get(f"/photos/{name}", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert not again.data


@pytest.mark.parametrize(
    "address",
    [
        "/photos/absent.jpg",
        "/photos/broken.jpg",
        "/photos/notes.txt",
        "/photos/link.jpg",
        "/photos/../secret.jpg",
        "/photos/..%2fsecret.jpg",
        "/photos/%2fetc%2fpasswd",
        "/photos/payload.jpg%00",
        "/raisr/runtime/../app.py",
        "/raisr/runtime/..%2fapp.py",
        "/raisr/../app.py",
        "/raisr/absent.js",
        "/nowhere",
    ],
)
def test_what_is_not_there_or_not_for_others_is_not_found(
    client: FlaskClient, address: str
) -> None:
    response = client.get(address)
    assert response.status_code == 404
    assert response.mimetype == "text/html"
    assert "Traceback" not in response.text


def test_an_unreadable_picture_says_why(client: FlaskClient) -> None:
    assert "cannot be read as a picture" in client.get("/photos/broken.jpg").text


def test_a_cache_that_cannot_be_written_is_named(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    response = app.test_client().get("/photos/photograph.png")
    assert response.status_code == 500
    assert "--cache" in response.text


def test_banks_are_sent_by_id_and_never_change(client: FlaskClient) -> None:
    shipped = sorted((Path(banks.__file__).parent / "banks").glob("*.bank"))
    assert shipped
    for path in shipped:
        with client.get(f"/raisr/banks/{path.name}") as response:
            assert response.data == path.read_bytes()
            assert response.cache_control.immutable


@pytest.mark.parametrize("bank_id", ["0" * 32, "short", "..", "%2e%2e%2fbank"])
def test_an_unknown_bank_is_not_found(client: FlaskClient, bank_id: str) -> None:
    assert client.get(f"/raisr/banks/{bank_id}.bank").status_code == 404


@pytest.mark.parametrize("address", ["/", "/photos/payload.jpg", "/raisr/worker.js", "/nowhere"])
def test_every_answer_carries_the_security_headers(client: FlaskClient, address: str) -> None:
    with client.get(address) as response:
        headers = response.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert "'unsafe-eval'" not in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("raisr-img.js", "text/javascript"),
        ("worker.js", "text/javascript"),
        ("runtime/index.js", "text/javascript"),
        ("runtime/VERSION/pyodide.mjs", "text/javascript"),
        ("runtime/VERSION/pyodide.asm.wasm", "application/wasm"),
        ("runtime/VERSION/pyodide-lock.json", "application/json"),
    ],
)
def test_scripts_and_webassembly_have_the_types_that_browsers_insist_on(
    client: FlaskClient, name: str, media_type: str
) -> None:
    with client.get(f"/raisr/{name}".replace("VERSION", version_of_runtime())) as response:
        assert response.status_code == 200
        assert response.mimetype == media_type


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("identity", None)],
)
def test_the_runtime_is_sent_as_small_as_the_browser_takes_it(
    client: FlaskClient, accepted: str, encoding: str | None
) -> None:
    address = f"/raisr/runtime/{version_of_runtime()}/pyodide.mjs"
    with client.get(address, headers={"Accept-Encoding": accepted}) as response:
        assert response.headers.get("Content-Encoding") == encoding
        assert response.headers["Vary"] == "Accept-Encoding"
        assert response.cache_control.immutable


def test_scripts_of_the_page_are_asked_for_again_and_not_sent_again(client: FlaskClient) -> None:
    with client.get("/raisr/worker.js") as first:
        assert first.cache_control.no_cache
    condition = {"If-None-Match": first.headers["ETag"]}
    with client.get("/raisr/worker.js", headers=condition) as again:
        assert again.status_code == 304


def test_a_request_for_another_host_is_refused(app: Flask) -> None:
    app.config["TRUSTED_HOSTS"] = ["127.0.0.1"]
    response = app.test_client().get("/", headers={"Host": "elsewhere.example"})
    assert response.status_code == 400
    assert "not trusted" in response.text


def version_of_runtime() -> str:
    (version,) = (path for path in RUNTIME.iterdir() if path.is_dir())
    return version.name
