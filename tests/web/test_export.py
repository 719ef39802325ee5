import json
import re
from pathlib import Path

import pytest

from raisr_decoder.metadata import parse
from raisr_web.banks import ids_in
from raisr_web.errors import ExportFailed
from raisr_web.export import export
from raisr_web.gallery import EXAMPLES


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """A small folder in place of the Python runtime."""
    (tmp_path / "runtime" / "0123").mkdir(parents=True)
    (tmp_path / "runtime" / "0123" / "pyodide.asm.wasm").write_bytes(b"wasm")
    return tmp_path / "runtime"


@pytest.fixture
def site(folder: Path, tmp_path: Path, runtime: Path) -> Path:
    (folder / "payload.jpg").unlink()
    site = tmp_path / "site"
    assert export(folder, site, tmp_path / "cache", runtime, lambda *_: None) == 1
    return site


def test_the_site_has_payloads_banks_and_runtime(site: Path) -> None:
    metadata = parse((site / "photos/photograph.png").read_bytes())
    assert metadata.shape == (96, 128)
    assert (site / f"raisr/banks/{metadata.bank}.bank").is_file()
    assert (site / f"raisr/banks/{metadata.bank}.bank.br").is_file()
    assert (site / "raisr/runtime/0123/pyodide.asm.wasm").read_bytes() == b"wasm"
    assert (site / "decoded/photograph.png").is_file()


def test_the_site_has_all_banks_that_upscale_ordinary_images(site: Path) -> None:
    banks = ids_in(json.loads((site / "raisr/banks/index.json").read_text()))
    assert banks
    for bank in banks:
        assert (site / f"raisr/banks/{bank}.bank").is_file()


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_site_has_the_examples(site: Path, name: str) -> None:
    assert "<raisr-img" in (site / f"examples/{name}/index.html").read_text()


def test_an_image_whose_bank_is_missing_is_named(
    folder: Path, tmp_path: Path, runtime: Path
) -> None:
    with pytest.raises(ExportFailed, match="0123456789abcdef0123456789abcdef"):
        export(folder, tmp_path / "site", tmp_path / "cache", runtime, lambda *_: None)


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


def test_files_of_others_stay(folder: Path, tmp_path: Path, runtime: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "robots.txt").write_text("mine")
    (folder / "payload.jpg").unlink()
    export(folder, tmp_path / "site", tmp_path / "cache", runtime, lambda *_: None)
    assert (tmp_path / "site" / "robots.txt").read_text() == "mine"
