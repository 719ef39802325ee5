"""Assemble the folder that a browser loads Python from: Pyodide, NumPy and raisr-decoder.

    python -m tools.runtime [--wheels FOLDER]

The folder holds all that the worker needs, so a page asks no other origin for anything. Every file
in it is pinned: by npm's lock file, by Pyodide's own lock file, or built from this checkout. Of
Python and NumPy it holds what the decoder uses, which an import trace finds.
"""

import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

import click
from pyodide_lock import PyodideLockSpec

from raisr.fingerprint import fingerprint
from raisr_decoder.errors import RaisrError
from raisr_web.compression import compress_files
from raisr_web.runtime import FOLDER, INDEX
from tools.errors import PackingFailed
from tools.wheels import CDN, MIRROR, build_wheel, fetch_wheel, keep_folder, present, sources

PACKING = Path(__file__).with_name("packing")
LOCK = "pyodide-lock.json"
LIBRARIES = {
    "img-comparison-slider.js": "img-comparison-slider/dist/index.js",
}
ARCHIVES = ("standard.zip", "packages.tar")


def assemble(
    checkout: Path,
    folder: Path = FOLDER,
    wheels: Path | None = None,
    cdn: str = CDN,
    mirror: str = MIRROR,
) -> None:
    """Fill `folder` from a checkout in which npm's packages are installed.

    The files lie in a folder that is named by their content, so that browsers may keep them for
    ever; `index.js` holds its name. A folder that has all of it already is left alone.

    Parameters
    ----------
    checkout : Path
    folder : Path, optional
    wheels : Path, optional
        A folder to look into for NumPy's wheel first.
    cdn, mirror : str, optional
        The address and the package on the package index to try after that.

    Raises
    ------
    PieceMissing, WheelUnavailable, WheelBuildFailed, PackingFailed
    """
    cache = checkout / ".cache"
    modules = checkout / "node_modules"
    pyodide = modules / "pyodide"
    decoder = checkout / "wasm_decoder"
    lock = PyodideLockSpec.from_json(present(pyodide / LOCK))
    numpy = lock.packages["numpy"]
    numpy_wheel = fetch_wheel(numpy, cache, sources(numpy.file_name, wheels, cdn, mirror))
    packed = pack([numpy_wheel, build_wheel(decoder, cache)], pyodide, decoder, cache)
    # Nothing is left to install; Pyodide only compares versions.
    lock.packages = {}

    pieces = {
        "pyodide.mjs": read(pyodide / "pyodide.mjs"),
        "pyodide.asm.js": read(pyodide / "pyodide.asm.js"),
        "pyodide.asm.wasm": read(pyodide / "pyodide.asm.wasm"),
        LOCK: lock.model_dump_json(exclude_none=True).encode(),
        **{name: read(packed / name) for name in ARCHIVES},
    }
    libraries = {name: read(modules / library) for name, library in LIBRARIES.items()}
    files = pieces | libraries
    version = fingerprint(*files, *files.values())
    index = f'export const FOLDER = new URL("./{version}/", import.meta.url).href;\n'
    if (folder / INDEX).is_file() and (folder / INDEX).read_text() == index:
        return

    shutil.rmtree(folder, ignore_errors=True)
    (folder / version).mkdir(parents=True)
    for name, content in pieces.items():
        (folder / version / name).write_bytes(content)
    for name, content in libraries.items():
        (folder / name).write_bytes(content)
    compress_files([path for path in folder.rglob("*") if path.is_file()], cache)
    # The index comes last: where it is, the folder is complete.
    (folder / INDEX).write_text(index)


def pack(wheels: list[Path], pyodide: Path, decoder: Path, cache: Path) -> Path:
    """A folder with archives of the modules that the decoder uses, kept until something changes."""
    banks = decoder / "raisr_decoder" / "banks"
    programs = [path for path in sorted(PACKING.iterdir()) if path.is_file()]
    inputs = [read(pyodide / LOCK), *map(read, wheels), *map(read, programs)]
    names = sorted(path.name for path in banks.glob("*.bank"))
    packed = cache / f"packed-{fingerprint(*inputs, *names)}"
    if not packed.exists():
        with tempfile.TemporaryDirectory() as scratch:
            packages, made = Path(scratch, "packages"), Path(scratch, "made")
            made.mkdir()
            for wheel in wheels:
                with zipfile.ZipFile(wheel) as archive:
                    archive.extractall(packages)
            command = ["node", *map(str, (PACKING / "pack.mjs", pyodide, packages, banks, made))]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                raise PackingFailed(done.stdout + done.stderr)
            keep_folder(made, packed)
    return packed


def read(path: Path) -> bytes:
    """The content of a piece, or PieceMissing."""
    return present(path).read_bytes()


@click.command()
@click.option(
    "--wheels",
    envvar="RAISR_WHEELS",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder with NumPy's wheel for Pyodide, tried before any download.",
)
def main(wheels: Path | None) -> None:
    """Assemble the Python runtime that pages load."""
    try:
        assemble(Path(__file__).parents[1], wheels=wheels)
    except RaisrError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"The runtime is ready in {FOLDER}")


if __name__ == "__main__":
    main()
