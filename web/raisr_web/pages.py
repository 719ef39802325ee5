"""What the server answers: the gallery, its payloads, and what the element loads under /raisr/."""

import hashlib
from typing import cast

from flask import Blueprint, Response, current_app, render_template, request, send_from_directory
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound, SecurityError

from raisr_decoder.bank import shipped_path
from raisr_decoder.errors import BankUnknown, RaisrError
from raisr_web.errors import CacheUnwritable, PhotoMissing
from raisr_web.photos import Photos

# Served from the folder static/, as /raisr/raisr-img.js and so on.
blueprint = Blueprint("raisr", __name__, static_folder="static", static_url_path="/raisr")

FOR_EVER = "public, max-age=31536000, immutable"
# With nosniff a browser believes these; the system's own table may lack them.
MEDIA_TYPES = {".mjs": "text/javascript", ".wasm": "application/wasm"}


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
    response = send_from_directory(path.parent, path.name, mimetype="application/octet-stream")
    response.headers["Cache-Control"] = FOR_EVER
    return response


@blueprint.get("/raisr/runtime/<path:name>")
def runtime(name: str) -> Response:
    """Send a part of the Python runtime."""
    folder = current_app.config["RUNTIME"]
    suffix = name[name.rfind(".") :]
    return send_from_directory(folder, name, mimetype=MEDIA_TYPES.get(suffix))


@blueprint.app_errorhandler(SecurityError)
def refuse_stranger(error: SecurityError) -> SecurityError:
    """Refuse a request for another host plainly: without a host a page has no addresses."""
    return error


@blueprint.app_errorhandler(HTTPException)
def refuse(error: HTTPException) -> tuple[str, int]:
    """Say what went wrong, as a page."""
    return render_template("error.html", error=error), error.code or 500


def _photos() -> Photos:
    return cast(Photos, current_app.extensions["raisr"])
