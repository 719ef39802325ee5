"""Files that pages load, sent as small as the browser can take them, and never twice."""

from pathlib import Path

from flask import Response, request, send_file

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
# With nosniff a browser believes these; the system's own table may lack them.
MEDIA_TYPES = {
    ".bank": "application/octet-stream",
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ts": "text/plain",
    ".tar": "application/x-tar",
    ".wasm": "application/wasm",
    ".zip": "application/zip",
}
ENCODINGS = {"br": "br", "gz": "gzip"}
"""By the suffix of the twins that `compression` makes, the best one first."""


def send_asset(path: Path, cache_control: str = ASK_AGAIN) -> Response:
    """Send a file, or a compressed twin of it, or that the browser has it already."""
    sent, encoding = _smallest(path)
    media_type = MEDIA_TYPES.get(path.suffix)
    response = send_file(sent, mimetype=media_type, download_name=path.name)
    if encoding is not None:
        response.headers["Content-Encoding"] = encoding
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = cache_control
    return response


def _smallest(path: Path) -> tuple[Path, str | None]:
    """The file to send for `path`, and how it is encoded."""
    for suffix, encoding in ENCODINGS.items():
        twin = path.with_name(f"{path.name}.{suffix}")
        if request.accept_encodings.quality(encoding) > 0 and twin.is_file():
            return twin, encoding
    return path, None
