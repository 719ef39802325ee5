"""The Flask application behind `raisr serve`."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response

from raisr_web import gallery, pictures
from raisr_web.trials import MAX_BYTES, Trials

# Only what the page needs: its own scripts, styles and pictures, and WebAssembly for Python.
SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "style-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
FORM_BYTES = 10_000
"""What a form may take beside its photograph."""


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Make the application.

    Settings in `config`, beside Flask's own: those that `pictures` lists.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES + FORM_BYTES
    app.config.from_mapping(config or {})
    app.extensions["raisr-trials"] = Trials()
    app.register_blueprint(pictures.blueprint)
    app.register_blueprint(gallery.blueprint)
    app.after_request(_protect)
    return app


def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
