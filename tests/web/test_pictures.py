import gzip
from pathlib import Path

import brotli
import numpy as np
import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient

from raisr.codecs.jpeg import save_jpeg
from raisr.formats import format_named
from raisr.images.reading import decode_image
from raisr.search.settings import Settings
from raisr_decoder import bank as banks
from raisr_decoder.bank import shipped_folder
from raisr_decoder.containers import container_of
from raisr_decoder.metadata import Metadata, pack, parse
from raisr_web import photos
from raisr_web.app import create_app
from raisr_web.job_queue import JobQueue
from raisr_web.photos import Photos
from raisr_web.pictures import STATIC, blueprint, raisr_img
from raisr_web.runtime import FOLDER as RUNTIME

DECOMPRESSORS = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}


def test_a_payload_is_sent_unchanged(client: FlaskClient, payload: bytes) -> None:
    response = client.get("/photos/payload.jpg")
    assert response.data == payload
    assert response.mimetype == "image/jpeg"


def test_a_payload_with_a_damaged_metadata_is_sent_unchanged(
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


def test_other_programs_encode_and_decode_anew(
    client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/decoded/photograph.png")
    before = set((tmp_path / "cache").iterdir())
    monkeypatch.setattr(photos, "of_programs", lambda: "other programs")
    config = {"RAISR_PHOTOS": tmp_path / "photos", "RAISR_CACHE": tmp_path / "cache"}
    create_app(config).test_client().get("/decoded/photograph.png")
    added = set((tmp_path / "cache").iterdir()) - before
    assert sorted(path.suffix for path in before) == [".jpg", ".payload"]
    assert sorted(path.suffix for path in added) == [".jpg", ".payload"]


def test_settings_may_leave_the_base_codec_to_the_search(folder: Path, tmp_path: Path) -> None:
    config = {
        "RAISR_PHOTOS": folder,
        "RAISR_CACHE": tmp_path / "cache",
        "RAISR_SETTINGS": Settings(target_score=30, effort=1),
    }
    client = create_app(config).test_client()
    sent = client.get("/photos/photograph.png")
    assert parse(sent.data).shape == (96, 128)
    assert sent.mimetype == format_named(container_of(sent.data).name.lower()).media_type
    assert client.get("/picture/photograph.png/").status_code == 200
    assert client.get("/decoded/photograph.png").status_code == 200


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


@pytest.mark.parametrize("folder", ["photos", "decoded", "picture", "raisr", "raisr/runtime"])
def test_a_name_that_no_file_can_have_is_not_found(client: FlaskClient, folder: str) -> None:
    for name in ("a" * 300 + ".jpg", "ä" * 130 + ".jpg", "a" * 5000 + ".png"):
        assert client.get(f"/{folder}/{name}", follow_redirects=True).status_code == 404


def test_the_blueprint_alone_does_not_find_a_name_that_no_file_can_have(folder: Path) -> None:
    app = Flask(__name__)
    app.config["RAISR_PHOTOS"] = folder
    app.register_blueprint(blueprint)
    client = app.test_client()
    for kind in ("photos", "decoded", "raisr"):
        assert client.get(f"/{kind}/{'a' * 300}.jpg").status_code == 404


def test_an_unreadable_image_says_why(client: FlaskClient) -> None:
    assert "cannot be read as" in client.get("/photos/broken.jpg").text


@pytest.mark.parametrize(
    ("accepted", "media_type"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("image/avif,image/webp,image/*,*/*;q=0.8", "text/plain"),
        ("*/*", "text/plain"),
    ],
)
@pytest.mark.parametrize("kind", ["photos", "decoded"])
def test_a_reason_is_a_page_for_those_who_ask_for_one_and_else_text(
    client: FlaskClient, kind: str, accepted: str, media_type: str
) -> None:
    response = client.get(f"/{kind}/broken.jpg", headers={"Accept": accepted})
    assert response.status_code == 404
    assert response.mimetype == media_type
    assert "broken.jpg: cannot be read as" in response.text
    assert ("<html" in response.text) == (media_type == "text/html")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_the_blueprint_alone_gives_the_reason_as_text(folder: Path) -> None:
    app = Flask(__name__)
    app.config["RAISR_PHOTOS"] = folder
    app.register_blueprint(blueprint)
    response = app.test_client().get("/photos/broken.jpg", headers={"Accept": "*/*"})
    assert response.status_code == 404
    assert response.text.startswith("broken.jpg: cannot be read as")


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


@pytest.mark.parametrize("address", ["/raisr/worker.js", "/raisr/gallery.css", "/raisr/icon.svg"])
@pytest.mark.parametrize("encoding", ["br", "gzip", None])
def test_scripts_and_styles_of_our_own_are_sent_compressed(
    client: FlaskClient, address: str, encoding: str | None
) -> None:
    expected = (STATIC / Path(address).name).read_bytes()
    with client.get(address, headers={"Accept-Encoding": encoding or "identity"}) as response:
        assert response.headers.get("Content-Encoding") == encoding
        assert DECOMPRESSORS[encoding](response.data) == expected
        assert encoding is None or len(response.data) < len(expected)
        condition = {"If-None-Match": response.headers["ETag"]}
    with client.get(
        address, headers={"Accept-Encoding": encoding or "identity", **condition}
    ) as again:
        assert again.status_code == 304


def test_banks_are_sent_compressed(client: FlaskClient) -> None:
    path = min(shipped_folder().glob("*.bank"), key=lambda path: path.stat().st_size)
    address = f"/raisr/banks/{path.name}"
    with client.get(address, headers={"Accept-Encoding": "br"}) as response:
        assert response.headers["Content-Encoding"] == "br"
        assert brotli.decompress(response.data) == path.read_bytes()


def test_a_cache_that_cannot_be_written_leaves_scripts_as_they_are(
    app: Flask, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    headers = {"Accept-Encoding": "br"}
    with app.test_client().get("/raisr/worker.js", headers=headers) as response:
        assert response.data == (STATIC / "worker.js").read_bytes()


def test_scripts_of_the_page_are_asked_for_again_and_not_sent_again(client: FlaskClient) -> None:
    with client.get("/raisr/worker.js") as first:
        assert first.cache_control.no_cache
    condition = {"If-None-Match": first.headers["ETag"]}
    with client.get("/raisr/worker.js", headers=condition) as again:
        assert again.status_code == 304


def version_of_runtime() -> str:
    (version,) = (path for path in RUNTIME.iterdir() if path.is_dir())
    return version.name


def test_a_range_of_a_payload_is_sent_alone(client: FlaskClient, payload: bytes) -> None:
    response = client.get("/photos/payload.jpg", headers={"Range": "bytes=10-19"})
    assert response.status_code == 206
    assert response.data == payload[10:20]
    assert response.headers["Content-Range"] == f"bytes 10-19/{len(payload)}"


@pytest.mark.parametrize("asked", ["bytes=abc", "bytes=5-2", "pages=1-2", "bytes=0-1,5-6", "1-2"])
@pytest.mark.parametrize("address", ["/photos/payload.jpg", "/raisr/worker.js"])
def test_what_is_no_single_range_of_bytes_is_ignored(
    client: FlaskClient, address: str, asked: str
) -> None:
    with client.get(address) as whole, client.get(address, headers={"Range": asked}) as response:
        assert response.status_code == 200
        assert response.data == whole.data


@pytest.mark.parametrize("address", ["/photos/payload.jpg", "/raisr/worker.js"])
def test_a_suffix_that_is_longer_than_the_file_is_all_of_it(
    client: FlaskClient, address: str
) -> None:
    asked = {"Range": f"bytes=-{10**12}"}
    with client.get(address) as whole, client.get(address, headers=asked) as response:
        assert response.status_code == 206
        assert response.data == whole.data
        size = len(whole.data)
        assert response.headers["Content-Range"] == f"bytes 0-{size - 1}/{size}"


def test_a_range_beyond_the_end_is_refused(client: FlaskClient) -> None:
    response = client.get("/photos/payload.jpg", headers={"Range": "bytes=9999999-"})
    assert response.status_code == 416


@pytest.mark.parametrize("address", ["/photos/photograph.png", "/decoded/photograph.png"])
def test_head_gives_the_size_and_sends_nothing(client: FlaskClient, address: str) -> None:
    whole, head = client.get(address), client.head(address)
    assert head.content_length == len(whole.data)
    assert head.headers["ETag"] == whole.headers["ETag"]
    assert not head.data


@pytest.mark.parametrize(
    ("accepted", "media_type"),
    [("image/avif,image/webp,*/*", "image/webp"), ("*/*", "image/jpeg"), ("", "image/jpeg")],
)
def test_an_output_image_comes_in_a_format_that_the_client_names(
    client: FlaskClient, accepted: str, media_type: str, photograph: np.ndarray
) -> None:
    response = client.get("/decoded/photograph.png", headers={"Accept": accepted})
    assert response.mimetype == media_type
    assert response.vary.as_set() == {"accept"}
    image = decode_image(response.data, "decoded").pixels
    assert image.shape == photograph.shape


def test_an_image_is_decoded_once(client: FlaskClient, tmp_path: Path) -> None:
    first = client.get("/decoded/photograph.png")
    (kept,) = (tmp_path / "cache").glob("*.decoded.jpg")
    kept.write_bytes(first.data[:-2])
    assert client.get("/decoded/photograph.png").data == first.data[:-2]
    condition = {"If-None-Match": client.get("/decoded/photograph.png").headers["ETag"]}
    assert client.get("/decoded/photograph.png", headers=condition).status_code == 304


@pytest.mark.parametrize("name", ["broken.jpg", "absent.jpg", "link.jpg", "payload.jpg"])
def test_what_cannot_be_decoded_is_not_found(client: FlaskClient, name: str) -> None:
    # The bank of payload.jpg is missing.
    assert client.get(f"/decoded/{name}").status_code == 404


def test_the_blueprint_serves_any_application_under_any_prefix(
    folder: Path, tmp_path: Path
) -> None:
    app = Flask(__name__)
    app.config.update(RAISR_PHOTOS=folder, RAISR_CACHE=tmp_path / "cache")
    app.register_blueprint(blueprint, url_prefix="/pictures")
    app.add_url_rule(
        "/", view_func=lambda: render_template_string('{{ raisr_img("payload.jpg", "<dog>") }}')
    )
    client = app.test_client()
    page = client.get("/").text
    assert '<raisr-img src="/pictures/photos/payload.jpg" alt="&lt;dog&gt;"' in page
    assert 'width="128" height="96"' in page
    assert client.get("/pictures/photos/payload.jpg").mimetype == "image/jpeg"
    with client.get("/pictures/raisr/raisr-img.js") as script:
        assert script.mimetype == "text/javascript"


def test_the_helper_takes_attributes_of_the_image(app: Flask) -> None:
    with app.test_request_context():
        html = raisr_img("payload.jpg", class_="wide", loading="eager")
    # The payload and, for browsers without scripts, the decoded image.
    assert html.count('class="wide"') == html.count('loading="eager"') == html.count("<img") == 2
    assert "lazy" not in html


@pytest.mark.parametrize(
    ("metadata", "complaint"),
    [
        (Metadata(128 * 8 + 8, 96, 60, None), "ratio of "),
        (Metadata(11_585, 11_585, 60, None), " is over the limit of "),
    ],
)
def test_metadata_that_claims_too_much_is_refused(
    client: FlaskClient, folder: Path, photograph: np.ndarray, metadata: Metadata, complaint: str
) -> None:
    (folder / "claim.jpg").write_bytes(pack(save_jpeg(photograph, 60), metadata))
    response = client.get("/decoded/claim.jpg")
    assert response.status_code == 404
    assert complaint in response.text


def test_a_request_is_refused_when_too_many_wait(app: Flask) -> None:
    jobs = JobQueue(max_jobs=1)
    app.extensions["raisr"] = Photos(
        app.config["RAISR_PHOTOS"], app.config["RAISR_CACHE"], app.config["RAISR_SETTINGS"], jobs
    )
    client = app.test_client()
    with jobs.slot():
        response = client.get("/photos/photograph.png")
        as_text = client.get("/photos/photograph.png", headers={"Accept": "*/*"})
    assert response.status_code == as_text.status_code == 503
    assert int(response.headers["Retry-After"]) == int(as_text.headers["Retry-After"]) > 0
    assert client.get("/photos/photograph.png").status_code == 200
