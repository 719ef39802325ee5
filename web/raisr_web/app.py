"""The Flask application behind `raisr serve`."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, make_response, render_template
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response as AnyResponse

from raisr_web import gallery, pictures, trial_pages
from raisr_web.trials import MAX_BYTES

# Only what the page needs: its own scripts, styles and images, and WebAssembly for Python.
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

    Parameters
    ----------
    config : mapping, optional
        Flask's own settings, and those that `pictures.set_up` lists.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES + FORM_BYTES
    app.config.from_mapping(config or {})
    app.register_blueprint(pictures.blueprint)
    app.register_blueprint(gallery.blueprint)
    app.register_blueprint(trial_pages.blueprint)
    app.register_error_handler(HTTPException, _error_page)
    app.register_error_handler(SecurityError, _untrusted_host)
    app.after_request(_protect)
    return app


def _error_page(error: HTTPException) -> AnyResponse:
    """Say what went wrong, as a page, unless the error has a body of its own."""
    if error.response is not None:
        return error.get_response()
    response = make_response(render_template("error.html", error=error), error.code or 500)
    for name, value in error.get_headers():
        # Such as Retry-After.
        if name != "Content-Type":
            response.headers[name] = value
    return response


def _untrusted_host(error: SecurityError) -> SecurityError:
    """Answer without a page: its template asks for addresses, which take a trusted host."""
    return error


def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
