"""A site of plain files: payloads, banks, runtime and pages that any web server can host."""

import posixpath
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask

from raisr.files import write_whole
from raisr_decoder.metadata import parse
from raisr_web.app import create_app
from raisr_web.banks import bank_index, ids_in
from raisr_web.compression import COMPRESSIBLE, compress_files
from raisr_web.errors import ExportFailed
from raisr_web.gallery import EXAMPLES
from raisr_web.photos import Photos
from raisr_web.pictures import STATIC

Progress = Callable[[int, int], None]


def export(photos: Path, site: Path, cache: Path, runtime: Path, progress: Progress) -> int:
    """Write the gallery of a folder as files.

    All links are relative, so the site works from any folder of any server. Precompressed files lie
    beside files, for servers that can use them. Files of other names in the site's folder stay.

    Parameters
    ----------
    photos : Path
        A folder of photographs, payloads or both.
    site : Path
        The folder to write.
    cache : Path
        The folder that keeps what is encoded, decoded and compressed.
    runtime : Path
        The folder that browsers load Python from.
    progress : callable
        Is called with how many images are done, and of how many.

    Returns
    -------
    int
        The number of images in the gallery.

    Raises
    ------
    ExportFailed, CacheUnwritable, OutputUnwritable, RaisrError
    """
    folders = {"RAISR_PHOTOS": photos, "RAISR_CACHE": cache, "RAISR_RUNTIME": runtime}
    app = create_app({**folders, "STATIC_SITE": True})
    app.jinja_env.globals["url_for"] = relative_url_for
    shown: Photos = app.extensions["raisr"]
    names = [entry.name for entry in shown.entries() if entry.problem is None]
    banks = ids_in(bank_index(shown.banks))
    for number, name in enumerate(names):
        progress(number, len(names))
        bank = parse(shown.payload(name).content).bank
        banks |= {bank} if bank else set()
    progress(len(names), len(names))
    # Pages come last: where they are, all that they show is there.
    addresses = [
        "/service-worker.js",
        *(f"/raisr/{path.name}" for path in sorted(STATIC.iterdir())),
        "/raisr/banks/index.json",
        *(f"/raisr/banks/{bank}.bank" for bank in sorted(banks)),
        *(f"/{kind}/{name}" for name in names for kind in ("photos", "decoded")),
        *(f"/picture/{name}/" for name in names),
        *(f"/examples/{name}/" for name in EXAMPLES if names),
        "/examples/",
        "/",
    ]
    copy_runtime(runtime, site / "raisr" / "runtime")
    written = [write(app, address, site) for address in addresses]
    compress_files([path for path in written if path.suffix in COMPRESSIBLE], cache)
    return len(names)


def copy_runtime(runtime: Path, target: Path) -> None:
    """Copy each file whole; the files on top come last, as they name the folder that is in use."""
    files = [path for path in runtime.rglob("*") if path.is_file()]
    for path in sorted(files, key=lambda path: path.parent == runtime):
        write_whole(target / path.relative_to(runtime), path.read_bytes())


def write(app: flask.Flask, address: str, site: Path) -> Path:
    """Write what the application answers into the file that a plain server answers with."""
    with app.test_client().get(address) as response:
        if response.status_code != 200:
            raise ExportFailed(address, response.status)
        content = response.data
    file = site / address.lstrip("/")
    file = file / "index.html" if address.endswith("/") else file
    write_whole(file, content)
    return file


def relative_url_for(endpoint: str, **values: Any) -> str:
    """As Flask's, from the page that is being made."""
    address = flask.url_for(endpoint, **values)
    relative = posixpath.relpath(address, flask.request.path)
    return f"{relative}/" if address.endswith("/") else relative
