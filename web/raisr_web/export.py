"""A site of plain files: payloads, banks, runtime and pages that any web server can host."""

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import flask

from raisr.files import write_whole
from raisr.formats import FORMATS
from raisr_decoder.errors import RaisrError
from raisr_decoder.metadata import parse
from raisr_web.app import create_app
from raisr_web.banks import bank_index, ids_in
from raisr_web.compression import COMPRESSIBLE, compress_files
from raisr_web.errors import Busy, CacheUnwritable, ExportFailed, ImageNotExported
from raisr_web.gallery import EXAMPLES
from raisr_web.photos import File, Photos
from raisr_web.pictures import STATIC

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Exported:
    """What has become of the images of a folder.

    Attributes
    ----------
    images : int
        How many are in the gallery.
    failures : list of ImageNotExported
        Those that are not.
    """

    images: int
    failures: list[ImageNotExported]


@dataclass(frozen=True)
class Image:
    """An image of the site.

    Attributes
    ----------
    name : str
        In the folder, and on the pages.
    files : dict of str to str
        Names of its files by endpoint, with the suffixes of what they contain: plain servers tell
        the media type by them.
    bank : str or None
        Id of the bank that its payload needs.
    """

    name: str
    files: dict[str, str]
    bank: str | None


def export(photos: Path, site: Path, cache: Path, runtime: Path, progress: Progress) -> Exported:
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
    Exported
        Images that cannot be decoded are left out, and the others are in the gallery.

    Raises
    ------
    ExportFailed, CacheUnwritable, OutputUnwritable, Busy
    """
    folders = {"RAISR_PHOTOS": photos, "RAISR_CACHE": cache, "RAISR_RUNTIME": runtime}
    app = create_app({**folders, "STATIC_SITE": True})
    shown: Photos = app.extensions["raisr"]
    images, failures = decode_all(shown, progress)
    shown.hidden = frozenset(failure.name for failure in failures)
    app.jinja_env.globals["url_for"] = relative_url_for(images)
    banks = ids_in(bank_index(shown.banks)) | {image.bank for image in images if image.bank}
    # Pages come last: where they are, all that they show is there.
    addresses = [
        "/service-worker.js",
        *(f"/raisr/{path.name}" for path in sorted(STATIC.iterdir())),
        "/raisr/banks/index.json",
        *(f"/raisr/banks/{bank}.bank" for bank in sorted(banks)),
    ]
    pages = [
        *(f"/picture/{image.name}/" for image in images),
        *(f"/examples/{name}/" for name in EXAMPLES if images),
        "/examples/",
        "/",
    ]
    copy_runtime(runtime, site / "raisr" / "runtime")
    written = [write(app, address, site / address.lstrip("/")) for address in addresses]
    for image in images:
        for endpoint, file in image.files.items():
            folder = FOLDERS[endpoint]
            write(app, f"/{folder}/{image.name}", site / folder / file)
    written += [write(app, address, site / address.strip("/") / "index.html") for address in pages]
    compress_files([path for path in written if path.suffix in COMPRESSIBLE], cache)
    return Exported(len(images), failures)


FOLDERS = {"raisr.photo": "photos", "raisr.decoded": "decoded"}
"""Where files of images lie, by endpoint."""


def decode_all(shown: Photos, progress: Progress) -> tuple[list[Image], list[ImageNotExported]]:
    """Encode and decode all images of a folder; those that can be, and why others cannot.

    Raises
    ------
    CacheUnwritable, Busy
    """
    images, failures = [], []
    names = shown.names()
    taken = set(names)
    for number, name in enumerate(names):
        progress(number, len(names))
        try:
            payload, decoded = shown.payload(name), shown.decoded(name, webp=False)
            files = {
                "raisr.photo": published_name(name, payload, taken),
                "raisr.decoded": published_name(name, decoded, taken),
            }
            taken.update(files.values())
            images.append(Image(name, files, parse(payload.content).bank))
        except (Busy, CacheUnwritable):
            raise
        except RaisrError as error:
            failures.append(ImageNotExported(name, str(error)))
        except MemoryError:
            failures.append(ImageNotExported(name, "there is not enough memory for it"))
    progress(len(names), len(names))
    return images, failures


def published_name(name: str, file: File, taken: set[str]) -> str:
    """The name of an image's file in the site, with a suffix that fits its content.

    Parameters
    ----------
    name : str
        In the folder.
    file : File
    taken : set of str
        Names of other files.
    """
    kind = next(each for each in FORMATS if each.media_type == file.media_type)
    path = Path(name)
    if path.suffix.lower() in kind.suffixes:
        return name
    starts = (path.stem if number == 0 else f"{name}{'-' * (number - 1)}" for number in count())
    candidates = (f"{start}{kind.suffix}" for start in starts)
    return next(candidate for candidate in candidates if candidate not in taken)


def copy_runtime(runtime: Path, target: Path) -> None:
    """Copy each file whole; the files on top come last, as they name the folder that is in use."""
    files = [path for path in runtime.rglob("*") if path.is_file()]
    for path in sorted(files, key=lambda path: path.parent == runtime):
        write_whole(target / path.relative_to(runtime), path.read_bytes())


def write(app: flask.Flask, address: str, file: Path) -> Path:
    """Write what the application answers into the file that a plain server answers with."""
    with app.test_client().get(quote(address)) as response:
        if response.status_code != 200:
            raise ExportFailed(address, response.status)
        content = response.data
    write_whole(file, content)
    return file


def relative_url_for(images: list[Image]) -> Callable[..., str]:
    """As Flask's `url_for`, from the page that is being made to the files of the site."""
    files = {image.name: image.files for image in images}

    def url_for(endpoint: str, **values: Any) -> str:
        if endpoint in FOLDERS:
            values["name"] = files[values["name"]][endpoint]
        address = flask.url_for(endpoint, **values)
        relative = posixpath.relpath(address, flask.request.path)
        return f"{relative}/" if address.endswith("/") else relative

    return url_for
