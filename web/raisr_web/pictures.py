"""The blueprint for any Flask application: payloads, and what pages need to decode them.

    app.config["RAISR_PHOTOS"] = "photographs"
    app.register_blueprint(pictures.blueprint, url_prefix="/pictures")

Templates then write {{ raisr_img("meadow.jpg", "A meadow") }}.
"""

import os.path
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import cast

import platformdirs
from flask import Blueprint, Flask, Response, current_app, jsonify, render_template, request
from flask.blueprints import BlueprintSetupState
from markupsafe import Markup
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound, ServiceUnavailable
from werkzeug.security import safe_join

from raisr.fingerprint import fingerprint
from raisr.formats import format_named
from raisr.search.settings import Settings
from raisr_decoder.bank import shipped_path
from raisr_decoder.errors import BankUnknown, RaisrError
from raisr_web.assets import ASK_AGAIN, FOR_EVER, answer_conditions, send_asset
from raisr_web.banks import bank_index
from raisr_web.errors import Busy, CacheUnwritable
from raisr_web.job_queue import MAX_WAITING, JobQueue
from raisr_web.photos import File, Photos
from raisr_web.runtime import FOLDER as RUNTIME

blueprint = Blueprint("raisr", __name__, template_folder="templates")

STATIC = Path(__file__).with_name("static")


@blueprint.record_once
def set_up(state: BlueprintSetupState) -> None:
    """Read the application's configuration, each key of which is optional.

    RAISR_PHOTOS : path
        The folder of images that is served: photographs, payloads or both.
    RAISR_CACHE : path
        The folder that keeps what is encoded and decoded here.
    RAISR_RUNTIME : path
        The folder that browsers load Python from.
    RAISR_SETTINGS : raisr.search.settings.Settings
        How photographs are encoded that carry no metadata. Any settings will do, base "auto"
        included; a search over several scales and codecs takes seconds for each photograph.
    RAISR_REFERENCES : path or None
        The folder of the photographs that the payloads of RAISR_PHOTOS were made of.
    RAISR_MAX_WAITING : int
        How many requests may run or wait to be encoded or decoded; further ones are refused (503).
    """
    config = cast(Flask, state.app).config
    config.setdefault("RAISR_PHOTOS", Path())
    config.setdefault("RAISR_CACHE", platformdirs.user_cache_path("raisr"))
    config.setdefault("RAISR_RUNTIME", RUNTIME)
    config.setdefault("RAISR_SETTINGS", Settings("jpeg", Fraction(2), quality=30))
    config.setdefault("RAISR_REFERENCES", None)
    config.setdefault("RAISR_MAX_WAITING", MAX_WAITING)
    state.app.extensions["raisr"] = Photos(
        Path(config["RAISR_PHOTOS"]),
        Path(config["RAISR_CACHE"]),
        config["RAISR_SETTINGS"],
        JobQueue(config["RAISR_MAX_WAITING"]),
        config["RAISR_REFERENCES"],
    )
    state.app.jinja_env.globals["raisr_img"] = raisr_img


def photos() -> Photos:
    """The images of the application that answers."""
    return cast(Photos, current_app.extensions["raisr"])


def raisr_img(name: str, alt: str | None = None, **attributes: str) -> Markup:
    """The element for an image of the folder, with the size that keeps its place on the page.

    `attributes` become attributes of the <img> inside, such as class_="wide".
    """
    entry = photos().entry(name)
    html = render_template(
        "raisr-img.html",
        entry=entry,
        alt=entry.title if alt is None else alt,
        attributes={
            "loading": "lazy",
            **{key.rstrip("_"): value for key, value in attributes.items()},
        },
    )
    return Markup(html.strip())  # noqa: S704, a template made it


@blueprint.get("/photos/<name>")
def photo(name: str) -> Response:
    """Send the payload of an image."""
    with as_http_errors():
        return send_image(photos().payload(name))


@blueprint.get("/decoded/<name>")
def decoded(name: str) -> Response:
    """Send the output image, decoded here: for browsers without scripts, crawlers and feeds."""
    webp = format_named("webp").media_type in request.accept_mimetypes.values()
    with as_http_errors():
        response = send_image(photos().decoded(name, webp))
    response.vary.add("Accept")
    return response


@blueprint.get("/raisr/banks/<bank_id>.bank")
def bank(bank_id: str) -> Response:
    """Send a filter bank; its name is the hash of its content, so it never changes."""
    try:
        path = shipped_path(bank_id)
    except BankUnknown as error:
        raise NotFound(str(error)) from error
    return send_asset(path, FOR_EVER, _cache())


@blueprint.get("/raisr/banks/index.json")
def banks() -> Response:
    """Say which bank upscales which ordinary image."""
    response = jsonify(bank_index(photos().banks))
    response.headers["Cache-Control"] = ASK_AGAIN
    return response


@blueprint.get("/raisr/runtime/<path:name>")
def runtime(name: str) -> Response:
    """Send a part of the Python runtime; folders are named by their content."""
    file = _inside(Path(current_app.config["RAISR_RUNTIME"]), name)
    return send_asset(file, FOR_EVER if "/" in name else ASK_AGAIN)


@blueprint.get("/service-worker.js")
def service_worker() -> Response:
    """Send the service worker from where it may serve all pages of the blueprint."""
    return static("service-worker.js")


@blueprint.get("/raisr/<name>")
def static(name: str) -> Response:
    """Send a script, a style or an image of the page."""
    return send_asset(_inside(STATIC, name), cache=_cache())


@contextmanager
def as_http_errors() -> Iterator[None]:
    """Turn an error about an image into the HTTP error for it.

    Its body is a page for a client that asks for one, and else the reason as plain text, which
    the script of a page shows.
    """
    try:
        yield
    except Busy as error:
        raise _worded(ServiceUnavailable(str(error), retry_after=error.seconds)) from error
    except CacheUnwritable as error:
        raise _worded(InternalServerError(str(error))) from error
    except RaisrError as error:
        raise _worded(NotFound(str(error))) from error
    except MemoryError as error:
        reason = "there is not enough memory for this image"
        raise _worded(ServiceUnavailable(reason)) from error


def _worded(error: HTTPException) -> HTTPException:
    """The error, with its reason as plain text for a client that does not ask for a page."""
    accepted = list(request.accept_mimetypes.values())
    if accepted and "text/html" not in accepted:
        error.response = Response(error.description, error.code, mimetype="text/plain")
        if isinstance(error, ServiceUnavailable) and error.retry_after is not None:
            error.response.headers["Retry-After"] = str(error.retry_after)
    return error


def send_image(file: File) -> Response:
    """Send an image file, a range of it, or that the browser has it already."""
    response = Response(file.content, mimetype=file.media_type)
    response.set_etag(fingerprint(file.content))
    response.cache_control.no_cache = True
    return answer_conditions(response, len(file.content))


def _cache() -> Path:
    return Path(current_app.config["RAISR_CACHE"])


def _inside(folder: Path, name: str) -> Path:
    """The file of that name, or NotFound; a name never leads out of the folder."""
    found = safe_join(str(folder), name)
    # Of a name that is longer than a file's may be, pathlib's `is_file` raises an error.
    if found is None or not os.path.isfile(found):
        raise NotFound
    return Path(found)
