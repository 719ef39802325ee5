"""The pages of `raisr serve`: a gallery, a page for each picture, and photographs to try."""

from typing import cast

from flask import (
    Blueprint,
    Response,
    current_app,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    NotFound,
    SecurityError,
    ServiceUnavailable,
)
from werkzeug.wrappers import Response as AnyResponse

from raisr_decoder.errors import RaisrError
from raisr_web.assets import ASK_AGAIN
from raisr_web.baselines import BASELINES
from raisr_web.errors import Busy, TrialMissing
from raisr_web.photos import File
from raisr_web.pictures import as_http_errors, photos, send_picture
from raisr_web.runtime import download_size
from raisr_web.savings import measure
from raisr_web.trials import MAX_BYTES, Trial, Trials

blueprint = Blueprint("gallery", __name__)

EXAMPLES = {
    "basic": "A picture that restores itself",
    "scale": "An ordinary picture, enlarged",
    "states": "Styles that know what is restored",
    "events": "Progress, load and error",
    "offline": "A page that needs no network",
}
"""What each of them shows, by name."""
TARGET_SIZES = (12_500, 25_000, 50_000, 100_000)


@blueprint.get("/")
def gallery() -> str:
    """Show every picture of the folder."""
    figures = {"savings": measure(photos())} if current_app.config.get("STATIC_SITE") else {}
    return render_template(
        "gallery.html", entries=photos().entries(), runtime=_runtime_size(), **figures
    )


@blueprint.get("/savings.txt")
def savings() -> Response:
    """Tell what the pictures save, and after how many Python has paid for itself."""
    with as_http_errors():
        measured = measure(photos())
    text = render_template("savings.txt", savings=measured, runtime=_runtime_size())
    return Response(text.strip(), mimetype="text/plain", headers={"Cache-Control": ASK_AGAIN})


@blueprint.get("/picture/<name>/")
def picture(name: str) -> str:
    """Show a picture before and after, and what is known of it."""
    with as_http_errors():
        photos().payload(name)
        entry = photos().entry(name)
    return render_template("picture.html", entry=entry)


@blueprint.get("/examples/")
def examples() -> str:
    """List the examples."""
    return render_template("examples/index.html", examples=EXAMPLES)


@blueprint.get("/examples/<name>/")
def example(name: str) -> str:
    """Show one feature of the element, with the first picture of the folder."""
    shown = [entry for entry in photos().entries() if entry.problem is None]
    if name not in EXAMPLES or not shown:
        raise NotFound
    return render_template(f"examples/{name}.html", heading=EXAMPLES[name], entry=shown[0])


@blueprint.get("/try")
def offer() -> str:
    """Ask for a photograph."""
    return render_template("try.html", sizes=TARGET_SIZES, most_bytes=MAX_BYTES)


@blueprint.post("/try")
def take() -> AnyResponse:
    """Start a trial with the photograph that was sent."""
    upload = request.files.get("photo")
    if upload is None or not upload.filename:
        raise BadRequest("choose a photograph first")
    size = request.form.get("size", type=int)
    if size not in TARGET_SIZES:
        raise BadRequest("choose one of the sizes offered")
    try:
        token = _trials().start(upload.read(), upload.filename, size)
    except Busy as error:
        raise ServiceUnavailable(str(error), retry_after=error.seconds) from error
    except RaisrError as error:
        raise BadRequest(str(error)) from error
    return redirect(url_for("gallery.trial", token=token), 303)


@blueprint.get("/try/<token>")
def trial(token: str) -> str:
    """Show how far a trial is, and in the end what came of it."""
    found = _find(token)
    shown = {"trial": found, "token": token, "titles": BASELINES}
    return render_template("trial.html", **shown, runtime=_runtime_size())


@blueprint.get("/try/<token>/status.json")
def status(token: str) -> Response:
    """Tell how far a trial is."""
    found = _find(token)
    steps = [{"name": step.name, "seconds": step.seconds} for step in found.steps]
    return jsonify(finished=found.finished, steps=steps)


@blueprint.get("/try/<token>/<kind>")
def result(token: str, kind: str) -> Response:
    """Send a picture of a trial: `payload`, or the plain codec of that name."""
    found = _find(token)
    candidates = {**found.baselines, **({"payload": found.payload} if found.payload else {})}
    if kind not in candidates:
        raise NotFound
    candidate = candidates[kind]
    media_type = f"image/{candidate.base}"
    return send_picture(File(candidate.payload, media_type))


@blueprint.app_errorhandler(SecurityError)
def refuse_stranger(error: SecurityError) -> SecurityError:
    """Refuse a request for another host plainly: without a host a page has no addresses."""
    return error


@blueprint.app_errorhandler(HTTPException)
def refuse(error: HTTPException) -> Response:
    """Say what went wrong, as a page."""
    response = make_response(render_template("error.html", error=error), error.code or 500)
    for name, value in error.get_headers():
        # Such as when to come again.
        if name != "Content-Type":
            response.headers[name] = value
    return response


def _find(token: str) -> Trial:
    try:
        return _trials().find(token)
    except TrialMissing as error:
        raise NotFound(str(error)) from error


def _trials() -> Trials:
    return cast(Trials, current_app.extensions["raisr-trials"])


def _runtime_size() -> int:
    return download_size(current_app.config["RAISR_RUNTIME"])
