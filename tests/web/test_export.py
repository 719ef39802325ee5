import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

import raisr_web.cli
import raisr_web.runtime
from raisr_decoder.metadata import parse
from raisr_web.app import create_app
from raisr_web.banks import ids_in
from raisr_web.export import export
from raisr_web.gallery import EXAMPLES


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small folder in place of the Python runtime."""
    runtime = tmp_path_factory.mktemp("runtime")
    (runtime / "0123").mkdir()
    (runtime / "0123" / "pyodide.asm.wasm").write_bytes(b"wasm")
    return runtime


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keeps what is compressed, which takes most of the time."""
    return tmp_path_factory.mktemp("cache") / "raisr"


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    fill: Callable[[Path], Path],
    runtime: Path,
    cache: Path,
) -> Path:
    """A site whose folder held another file before."""
    parent = tmp_path_factory.mktemp("exported")
    folder, site = fill(parent), parent / "site"
    (folder / "payload.jpg").unlink()
    site.mkdir()
    (site / "robots.txt").write_text("mine")
    exported = export(folder, site, cache, runtime, lambda *_: None)
    assert exported.images == 1
    assert [failure.name for failure in exported.failures] == ["broken.jpg"]
    return site


def test_the_site_has_payloads_banks_and_runtime(site: Path) -> None:
    metadata = parse((site / "photos/photograph.jpg").read_bytes())
    assert metadata.shape == (96, 128)
    assert (site / f"raisr/banks/{metadata.bank}.bank").is_file()
    assert (site / f"raisr/banks/{metadata.bank}.bank.br").is_file()
    assert (site / "raisr/runtime/0123/pyodide.asm.wasm").read_bytes() == b"wasm"
    assert (site / "decoded/photograph.jpg").is_file()


def test_the_site_has_all_banks_that_upscale_ordinary_images(site: Path) -> None:
    banks = ids_in(json.loads((site / "raisr/banks/index.json").read_text()))
    assert banks
    for bank in banks:
        assert (site / f"raisr/banks/{bank}.bank").is_file()


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_site_has_the_examples(site: Path, name: str) -> None:
    assert "<raisr-img" in (site / f"examples/{name}/index.html").read_text()


def test_images_that_cannot_be_decoded_are_named_and_left_out(
    folder: Path, tmp_path: Path, runtime: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "cut.tif").write_bytes(b"II*\0 this is no image, either")
    monkeypatch.setattr(raisr_web.runtime, "FOLDER", runtime)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache.parent))
    monkeypatch.setattr(raisr_web.cli, "require_runtime", lambda: None)
    site = tmp_path / "site"
    done = CliRunner().invoke(raisr_web.cli.export, [str(folder), "-o", str(site)])
    assert done.exit_code == 1
    assert f"{site}: 1 image;" in done.stdout
    problems = done.stderr.splitlines()
    assert len(problems) == 3
    assert problems[0].startswith("Error: broken.jpg: cannot be read as")
    assert problems[1].startswith("Error: cut.tif: cannot be read as")
    assert "Error: payload.jpg: no bank 0123456789abcdef0123456789abcdef" in problems[2]
    pages = [page.read_text() for page in site.rglob("*.html")]
    for name in ("broken.jpg", "cut.tif", "payload.jpg"):
        assert not any(name in page for page in pages)
        assert not list(site.rglob(name))


def test_files_have_the_suffix_of_what_they_contain(
    folder: Path, tmp_path: Path, runtime: Path, cache: Path
) -> None:
    site = tmp_path / "site"
    photograph = (folder / "photograph.png").read_bytes()
    for name in ("photograph.gif", "50% #1?.png"):
        (folder / name).write_bytes(photograph)
    payload = create_app({"RAISR_PHOTOS": folder, "RAISR_CACHE": cache}).extensions["raisr"]
    (folder / "photograph.jpg").write_bytes(payload.payload("photograph.png").content)
    (folder / "payload.jpg").unlink()
    assert export(folder, site, cache, runtime, lambda *_: None).images == 4
    for kind in ("photos", "decoded"):
        names = sorted(path.name for path in (site / kind).iterdir())
        others = ["photograph.gif.jpg", "photograph.jpg", "photograph.png.jpg"]
        assert names == ["50% #1?.jpg", *others]
    page = (site / "index.html").read_text()
    for name in ("photos/photograph.gif.jpg", "photos/photograph.jpg", "photos/50%25%20%231"):
        assert f'src="{name}' in page
    assert (
        'fallback="../../decoded/photograph.png.jpg"'
        in (site / "picture/photograph.png/index.html").read_text()
    )


def test_every_link_is_relative_and_leads_to_a_file(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) == 3 + len(EXAMPLES)
    for page in pages:
        links = re.findall(r'(?:src|href|fallback)="([^"]+)"', page.read_text())
        assert links
        for link in links:
            assert not link.startswith(("/", "http"))
            if "runtime/" not in link:
                target = page.parent / link
                assert (target / "index.html" if target.is_dir() else target).is_file(), link


def test_pages_offer_nothing_that_takes_a_server(site: Path) -> None:
    assert "Try your own" not in (site / "index.html").read_text()
    assert " KB sent" in (site / "index.html").read_text()


def test_files_of_others_stay(site: Path) -> None:
    assert (site / "robots.txt").read_text() == "mine"
