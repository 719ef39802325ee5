"""The blueprint for the pages about a folder: the gallery, a page for each image, examples."""

from flask import Blueprint, Response, current_app, render_template
from werkzeug.exceptions import NotFound

from raisr_web.assets import ASK_AGAIN
from raisr_web.pictures import as_http_errors, photos
from raisr_web.runtime import download_size
from raisr_web.savings import measure

blueprint = Blueprint("gallery", __name__)

EXAMPLES = {
    "basic": "An image that decodes itself",
    "scale": "An ordinary image, upscaled",
    "states": "Styles for images that are decoded",
    "events": "Progress, load and error",
    "offline": "A page that needs no network",
}
"""What each of them shows, by name."""


@blueprint.get("/")
def gallery() -> str:
    """Show every image of the folder."""
    figures = {}
    if current_app.config.get("STATIC_SITE"):
        with as_http_errors():
            figures = {"savings": measure(photos())}
    return render_template(
        "gallery.html", entries=photos().entries(), runtime=runtime_size(), **figures
    )


@blueprint.get("/savings.txt")
def savings() -> Response:
    """Say what the payloads save, and how many of them outweigh the download of Python."""
    with as_http_errors():
        measured = measure(photos())
    text = render_template("savings.txt", savings=measured, runtime=runtime_size())
    return Response(text.strip(), mimetype="text/plain", headers={"Cache-Control": ASK_AGAIN})


@blueprint.get("/picture/<name>/")
def picture(name: str) -> str:
    """Compare an image's payload with its output image, and show what is known of it."""
    with as_http_errors():
        photos().payload(name)
        lost = photos().lost(name)
    entry = photos().entry(name)
    if entry.problem is not None:
        raise NotFound(entry.problem)  # It vanished meanwhile.
    return render_template("picture.html", entry=entry, lost=lost)


@blueprint.get("/examples/")
def examples() -> str:
    """List the examples."""
    return render_template("examples/index.html", examples=EXAMPLES)


@blueprint.get("/examples/<name>/")
def example(name: str) -> str:
    """Show one feature of the element, with the first image of the folder."""
    shown = [entry for entry in photos().entries() if entry.problem is None]
    if name not in EXAMPLES or not shown:
        raise NotFound
    return render_template(f"examples/{name}.html", heading=EXAMPLES[name], entry=shown[0])


def runtime_size() -> int:
    """Bytes of Python that a visitor downloads once."""
    return download_size(current_app.config["RAISR_RUNTIME"])
