"""Files that pages load, sent as small as the browser can take them, and never twice."""

from contextlib import suppress
from pathlib import Path

from flask import Response, request, send_file

from raisr.errors import OutputUnwritable
from raisr_web.compression import compressed

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
COMPRESSIBLE = {".bank", ".css", ".js", ".json", ".svg"}


def send_asset(path: Path, cache_control: str = ASK_AGAIN, cache: Path | None = None) -> Response:
    """Send a file, or a compressed twin of it, or that the browser has it already.

    The twins lie beside the file; where they don't, they are made in the folder `cache`.
    """
    sent, encoding = _smallest(path, cache)
    media_type = MEDIA_TYPES.get(path.suffix)
    response = send_file(sent, mimetype=media_type, download_name=path.name)
    if encoding is not None:
        response.headers["Content-Encoding"] = encoding
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = cache_control
    return response


def _smallest(path: Path, cache: Path | None) -> tuple[Path, str | None]:
    """The file to send for `path`, and how it is encoded."""
    for suffix, encoding in ENCODINGS.items():
        if request.accept_encodings.quality(encoding) <= 0:
            continue
        twin = path.with_name(f"{path.name}.{suffix}")
        if twin.is_file():
            return twin, encoding
        if cache is not None and path.suffix in COMPRESSIBLE:
            # A cache that cannot be written is no reason to send nothing.
            with suppress(OutputUnwritable):
                return compressed(path, suffix, cache), encoding
    return path, None
