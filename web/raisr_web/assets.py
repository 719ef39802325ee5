"""Files that pages load: sent as small as the browser can take them, and never twice."""

from contextlib import suppress
from pathlib import Path
from typing import cast

from flask import Response, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from raisr.errors import OutputUnwritable
from raisr.formats import format_of
from raisr_web.compression import COMPRESSIBLE, COMPRESSIONS, compressed

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
MEDIA_TYPES = {
    ".bank": "application/octet-stream",
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".ts": "text/plain",
    ".tar": "application/x-tar",
    ".wasm": "application/wasm",
    ".zip": "application/zip",
}
"""By suffix, photographs aside. The system's own table may lack some, and with `nosniff` a browser
insists on them."""


def send_asset(path: Path, cache_control: str = ASK_AGAIN, cache: Path | None = None) -> Response:
    """Send a file, or its precompressed file, or that the browser has it already.

    Precompressed files lie beside the file; where they do not, they are made in the folder `cache`.
    """
    sent, encoding = _smallest(path, cache)
    response = send_file(
        sent, mimetype=_media_type(path), download_name=path.name, conditional=False
    )
    if encoding is not None:
        response.headers["Content-Encoding"] = encoding
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = cache_control
    return answer_conditions(response, sent.stat().st_size)


def answer_conditions(response: Response, size: int) -> Response:
    """The response, the range of it that is asked for, or that the browser has it already.

    What is no range of bytes, and several ranges at once, are ignored; a suffix that is longer
    than the file is all of it (RFC 9110, section 14).

    Parameters
    ----------
    response : Response
    size : int
        Of the whole, in bytes.
    """
    environ = dict(request.environ)
    asked = request.range
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        environ.pop("HTTP_RANGE", None)
    elif asked.ranges[0][0] < -size:
        environ["HTTP_RANGE"] = "bytes=0-"
    try:
        return cast(
            Response,
            response.make_conditional(environ, accept_ranges=True, complete_length=size),
        )
    except RequestedRangeNotSatisfiable:
        response.close()
        raise


def _smallest(path: Path, cache: Path | None) -> tuple[Path, str | None]:
    """The file to send for `path`, and its encoding."""
    for compression in COMPRESSIONS:
        if request.accept_encodings.quality(compression.encoding) <= 0:
            continue
        beside = compression.beside(path)
        if beside.is_file():
            return beside, compression.encoding
        if cache is not None and path.suffix in COMPRESSIBLE:
            # Where the cache cannot be written, the file itself is sent.
            with suppress(OutputUnwritable):
                return compressed(path, compression, cache), compression.encoding
    return path, None


def _media_type(path: Path) -> str | None:
    image = format_of(path.suffix)
    return MEDIA_TYPES.get(path.suffix) if image is None else image.media_type
