"""What the server answers: the gallery, its payloads, and what the element loads under /raisr/."""

import hashlib
from pathlib import Path
from typing import cast

from flask import Blueprint, Response, current_app, jsonify, render_template, request
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound, SecurityError
from werkzeug.security import safe_join

from raisr_decoder.bank import shipped_path
from raisr_decoder.errors import BankUnknown, RaisrError
from raisr_encoder.bank_store import BankStore
from raisr_web.assets import ASK_AGAIN, FOR_EVER, send_asset
from raisr_web.banks import bank_index
from raisr_web.errors import CacheUnwritable, PhotoMissing
from raisr_web.photos import Photos

blueprint = Blueprint("raisr", __name__)

STATIC = Path(__file__).with_name("static")


@blueprint.get("/")
def gallery() -> str:
    """Show every picture of the folder."""
    return render_template("gallery.html", entries=_photos().entries())


@blueprint.get("/photos/<name>")
def photo(name: str) -> Response:
    """Send a picture's payload."""
    try:
        payload = _photos().payload(name)
    except (PhotoMissing, RaisrError) as error:
        raise NotFound(str(error)) from error
    except CacheUnwritable as error:
        raise InternalServerError(str(error)) from error
    response = Response(payload.content, mimetype=payload.media_type)
    response.set_etag(hashlib.sha256(payload.content).hexdigest())
    response.cache_control.no_cache = True
    return cast(Response, response.make_conditional(request))


@blueprint.get("/raisr/banks/<bank_id>.bank")
def bank(bank_id: str) -> Response:
    """Send a filter bank; its name is the hash of its content, so it never changes."""
    try:
        path = shipped_path(bank_id)
    except BankUnknown as error:
        raise NotFound(str(error)) from error
    return send_asset(path, FOR_EVER)


@blueprint.get("/raisr/banks/index.json")
def banks() -> Response:
    """Say which bank enlarges which ordinary picture."""
    return jsonify(bank_index(BankStore()))


@blueprint.get("/raisr/runtime/<path:name>")
def runtime(name: str) -> Response:
    """Send a part of the Python runtime; folders are named by their content."""
    in_folder = "/" in name
    return send_asset(
        _inside(current_app.config["RUNTIME"], name), FOR_EVER if in_folder else ASK_AGAIN
    )


@blueprint.get("/raisr/<name>")
def static(name: str) -> Response:
    """Send a script, a style or a picture of the page."""
    return send_asset(_inside(STATIC, name))


@blueprint.app_errorhandler(SecurityError)
def refuse_stranger(error: SecurityError) -> SecurityError:
    """Refuse a request for another host plainly: without a host a page has no addresses."""
    return error


@blueprint.app_errorhandler(HTTPException)
def refuse(error: HTTPException) -> tuple[str, int]:
    """Say what went wrong, as a page."""
    return render_template("error.html", error=error), error.code or 500


def _inside(folder: Path, name: str) -> Path:
    """The file of that name, or NotFound; a name never leads out of the folder."""
    found = safe_join(str(folder), name)
    if found is None or not Path(found).is_file():
        raise NotFound
    return Path(found)


def _photos() -> Photos:
    return cast(Photos, current_app.extensions["raisr"])
