"""The Flask application behind `raisr serve`."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import platformdirs
from flask import Flask, Response

from raisr_encoder.encode import Settings
from raisr_web import pages
from raisr_web.photos import Photos

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
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Make the application.

    Settings in `config`: PHOTOS, the folder to show; CACHE, the folder for payloads that had to be
    made; RUNTIME, the folder that `raisr runtime` fills; SETTINGS, how photographs are encoded.
    """
    app = Flask(__name__, static_folder=None)
    app.config.from_mapping(
        PHOTOS=Path(),
        CACHE=platformdirs.user_cache_path("raisr"),
        RUNTIME=Path(__file__).with_name("runtime"),
        SETTINGS=Settings("jpeg", Fraction(2), quality=30),
    )
    app.config.from_mapping(config or {})
    app.extensions["raisr"] = Photos(
        app.config["PHOTOS"], app.config["CACHE"], app.config["SETTINGS"]
    )
    app.register_blueprint(pages.blueprint)
    app.after_request(_protect)
    return app


def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
