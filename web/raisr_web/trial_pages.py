"""The blueprint for trials: visitors send a photograph and see its payload beside baselines."""

from typing import cast

from flask import (
    Blueprint,
    Response,
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import BadRequest, NotFound, RequestEntityTooLarge, ServiceUnavailable
from werkzeug.wrappers import Response as AnyResponse

from raisr.formats import format_named
from raisr_decoder.errors import RaisrError
from raisr_web.errors import Busy, TrialMissing
from raisr_web.gallery import runtime_size
from raisr_web.photos import File
from raisr_web.pictures import send_image
from raisr_web.trials import MAX_BYTES, Trial, Trials

blueprint = Blueprint("trials", __name__)

TARGET_SIZES = (12_500, 25_000, 50_000, 100_000)


@blueprint.record_once
def set_up(state: BlueprintSetupState) -> None:
    """Let trials wait in the queue of the blueprint `raisr`, which is registered before."""
    state.app.extensions["raisr-trials"] = Trials(state.app.extensions["raisr"].jobs)


@blueprint.get("/try")
def offer() -> str:
    """Ask for a photograph."""
    return render_template("try.html", sizes=TARGET_SIZES, max_bytes=MAX_BYTES)


@blueprint.post("/try")
def take() -> AnyResponse:
    """Start a trial with the photograph that was sent."""
    try:
        upload = request.files.get("photo")
    except RequestEntityTooLarge as error:
        limit = f"a photograph to try may have {MAX_BYTES // 10**6} MB at most"
        raise RequestEntityTooLarge(limit) from error
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
    return redirect(url_for("trials.trial", token=token), 303)


@blueprint.get("/try/<token>")
def trial(token: str) -> str:
    """Show the progress of a trial, and in the end its result."""
    shown = {"trial": _find(token), "token": token, "format_named": format_named}
    return render_template("trial.html", **shown, runtime=runtime_size())


@blueprint.get("/try/<token>/status.json")
def status(token: str) -> Response:
    """Send the progress of a trial."""
    found = _find(token)
    steps = [{"name": step.name, "seconds": step.seconds} for step in found.progress]
    return jsonify(finished=found.finished, steps=steps)


@blueprint.get("/try/<token>/<kind>")
def result(token: str, kind: str) -> Response:
    """Send an image of a trial: `payload`, or the baseline of that name."""
    found = _find(token)
    results = {**found.baselines, **({"payload": found.payload} if found.payload else {})}
    if kind not in results:
        raise NotFound
    encoded = results[kind]
    return send_image(File(encoded.payload, format_named(encoded.base).media_type))


def _find(token: str) -> Trial:
    try:
        return _trials().find(token)
    except TrialMissing as error:
        raise NotFound(str(error)) from error


def _trials() -> Trials:
    return cast(Trials, current_app.extensions["raisr-trials"])
