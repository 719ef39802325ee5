import gzip
from pathlib import Path

import brotli
import pytest
from click.testing import CliRunner

from raisr_web.compression import COMPRESSIONS
from tools import runtime
from tools.errors import PackingFailed, PieceMissing
from tools.wheels import build_wheel

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[2]
MAX_BYTES = 4_500_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runtime, made from what set-up has kept."""
    folder = tmp_path_factory.mktemp("web") / "runtime"
    runtime.assemble(CHECKOUT, folder)
    return folder


def test_the_folder_is_complete(folder: Path) -> None:
    (version,) = (path for path in folder.iterdir() if path.is_dir())
    assert (folder / "index.js").read_text().count(f'"./{version.name}/"') == 1
    assert {path.name for path in plain_files(folder)} == {
        "packages.tar",
        "pyodide-lock.json",
        "pyodide.asm.js",
        "pyodide.asm.wasm",
        "pyodide.mjs",
        "standard.zip",
    }


def test_a_complete_folder_is_left_alone(folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    runtime.assemble(CHECKOUT, folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_each_file_has_precompressed_files(folder: Path) -> None:
    for path in plain_files(folder):
        content = path.read_bytes()
        assert brotli.decompress(path.with_name(f"{path.name}.br").read_bytes()) == content
        assert gzip.decompress(path.with_name(f"{path.name}.gz").read_bytes()) == content


def test_visitors_download_little(folder: Path) -> None:
    assert sum(path.stat().st_size for path in folder.rglob("*.br")) <= MAX_BYTES


def test_the_same_sources_are_packed_into_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    (numpy,) = (CHECKOUT / ".cache").glob("numpy-*.whl")
    decoder = CHECKOUT / "wasm_decoder"
    wheels = [numpy, build_wheel(decoder, tmp_path)]
    packed = runtime.pack(wheels, CHECKOUT / "node_modules/pyodide", decoder, tmp_path)
    for name in runtime.ARCHIVES:
        (shipped,) = folder.glob(f"*/{name}")
        assert (packed / name).read_bytes() == shipped.read_bytes()


def test_an_import_trace_that_fails_says_why(tmp_path: Path) -> None:
    decoder = CHECKOUT / "wasm_decoder"
    wheels = [build_wheel(decoder, CHECKOUT / ".cache")]
    with pytest.raises(PackingFailed, match="No module named 'numpy'"):
        runtime.pack(wheels, CHECKOUT / "node_modules/pyodide", decoder, tmp_path)
    assert not list(tmp_path.glob("packed-*"))


def test_a_missing_piece_is_named(tmp_path: Path) -> None:
    with pytest.raises(PieceMissing, match="make setup") as raised:
        runtime.assemble(tmp_path, tmp_path / "runtime")
    assert raised.value.path == tmp_path / "node_modules/pyodide/pyodide-lock.json"


def test_a_folder_of_wheels_that_is_absent_is_refused() -> None:
    done = CliRunner().invoke(runtime.main, ["--wheels", "absent"])
    assert done.exit_code == 2
    assert "'absent' does not exist" in done.output


def plain_files(folder: Path) -> list[Path]:
    """The files of a runtime's folder that are not compressed."""
    suffixes = {compression.suffix for compression in COMPRESSIONS}
    return [path for path in folder.glob("*/*") if path.suffix not in suffixes]
