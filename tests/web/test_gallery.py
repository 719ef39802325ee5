from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image

from raisr.images.reading import decode_image
from raisr_decoder.metadata import parse
from raisr_web.gallery import EXAMPLES
from raisr_web.photos import Photos


def test_the_gallery_shows_images_and_nothing_else(client: FlaskClient) -> None:
    page = client.get("/").text
    assert '<raisr-img src="/photos/payload.jpg"' in page
    assert '<raisr-img src="/photos/photograph.png"' in page
    assert "notes.txt" not in page
    assert "link.jpg" not in page


def test_the_gallery_says_which_image_is_unreadable(client: FlaskClient) -> None:
    page = client.get("/").text
    assert 'src="/photos/broken.jpg"' not in page
    assert "broken.jpg: cannot be read as" in page


def test_the_gallery_gives_sizes_before_anything_is_decoded(client: FlaskClient) -> None:
    assert client.get("/").text.count('width="128" height="96"') == 6


def test_an_empty_folder_says_so(client: FlaskClient, folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    assert "no photographs in this folder" in client.get("/").text


def test_an_image_has_a_page_with_its_figures(client: FlaskClient) -> None:
    page = client.get("/picture/photograph.png/").text
    assert "img-comparison-slider" in page
    assert "128 × 96" in page
    assert " dB" in page


@pytest.mark.parametrize("name", ["absent.jpg", "broken.jpg", "..%2fsecret.jpg"])
def test_what_is_no_image_has_no_page(client: FlaskClient, name: str) -> None:
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


@pytest.mark.parametrize("address", ["/", "/examples/basic/", "/savings.txt"])
def test_a_file_that_cannot_be_read_leaves_the_others_on_the_page(
    client: FlaskClient, folder: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    (folder / "a-forbidden.jpg").write_bytes(b"for the eyes of others")
    read_bytes = Path.read_bytes

    def read_as_another_user(path: Path) -> bytes:
        if path.name == "a-forbidden.jpg":
            raise PermissionError(13, "Permission denied")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", read_as_another_user)
    response = client.get(address)
    assert response.status_code == 200
    assert address != "/" or "a-forbidden.jpg: cannot be read (Permission denied)" in response.text
    assert client.get("/photos/a-forbidden.jpg").status_code == 404


@pytest.mark.parametrize("address", ["/", "/examples/basic/", "/savings.txt"])
def test_a_file_that_vanishes_while_it_is_listed_leaves_the_others_on_the_page(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    names = Photos.names
    monkeypatch.setattr(Photos, "names", lambda self: ["a-vanished.jpg", *names(self)])
    response = client.get(address)
    assert response.status_code == 200
    assert address != "/" or "a-vanished.jpg" in response.text


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_the_gallery_says_why_a_photograph_that_breaks_off_cannot_be_shown(
    client: FlaskClient, folder: Path, photograph: np.ndarray, suffix: str
) -> None:
    image = Image.fromarray(photograph)
    image.save(folder / f"whole{suffix}")
    whole = (folder / f"whole{suffix}").read_bytes()
    (folder / f"broken-off{suffix}").write_bytes(whole[: len(whole) // 2])
    page = client.get("/").text
    assert f"broken-off{suffix}: cannot be read as" in page
    assert f'src="/photos/broken-off{suffix}"' not in page
    assert f'src="/photos/whole{suffix}"' in page


def test_the_gallery_shows_a_photograph_whose_damage_readers_bear_with(
    client: FlaskClient, folder: Path, photograph: np.ndarray
) -> None:
    image = folder / "endless.png"
    Image.fromarray(photograph).save(image)
    image.write_bytes(image.read_bytes()[: -len("sizeIENDsum.")])
    assert 'src="/photos/endless.png"' in client.get("/").text
    assert client.get("/photos/endless.png").status_code == 200


def test_the_gallery_says_what_decoding_alone_has_shown(
    client: FlaskClient, folder: Path, photograph: np.ndarray
) -> None:
    Image.fromarray(photograph).save(folder / "whole.tif")
    (folder / "broken-off.tif").write_bytes((folder / "whole.tif").read_bytes()[:-9000])
    reason = client.get("/photos/broken-off.tif", headers={"Accept": "*/*"})
    assert reason.status_code == 404
    assert reason.mimetype == "text/plain"
    assert reason.text.startswith("broken-off.tif: cannot be read as")
    assert reason.text in client.get("/").text


def test_a_payload_whose_metadata_is_damaged_has_a_page(
    client: FlaskClient, folder: Path, payload: bytes
) -> None:
    bank_id = bytes.fromhex(parse(payload).bank or "")
    (folder / "damaged.jpg").write_bytes(payload.replace(bank_id, bank_id[::-1]))
    assert "KB" in client.get("/picture/damaged.jpg/").text


@pytest.mark.parametrize("frames", [1, 12])
def test_a_gif_is_served_as_a_payload_and_its_page_says_what_is_left_out(
    client: FlaskClient, folder: Path, photograph: np.ndarray, frames: int
) -> None:
    images = [Image.fromarray(np.roll(photograph, 5 * number, 1)) for number in range(frames)]
    images[0].save(folder / "wave.gif", save_all=True, append_images=images[1:])
    assert '<raisr-img src="/photos/wave.gif"' in client.get("/").text
    payload = client.get("/photos/wave.gif")
    assert payload.mimetype == "image/jpeg"
    assert parse(payload.data).shape == (96, 128)
    decoded = decode_image(client.get("/decoded/wave.gif").data, "decoded").rgb
    assert np.abs(decoded.astype(int) - photograph).mean() < 20
    page = client.get("/picture/wave.gif/").text
    assert ("the first of its 12 frames is taken" in page) == (frames == 12)


def test_the_page_of_a_deep_photograph_says_that_its_samples_are_rounded(
    client: FlaskClient, folder: Path
) -> None:
    plane = np.arange(96 * 128, dtype=np.uint16).reshape(96, 128) * 5
    Image.fromarray(plane).save(folder / "deep.png")
    assert "its samples are rounded to 8 bits" in client.get("/picture/deep.png/").text
    assert "Left out" not in client.get("/picture/photograph.png/").text
