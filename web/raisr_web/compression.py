"""Precompressed files: the same content under brotli and gzip, made once and kept."""

import gzip
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import brotli

from raisr.files import write_whole
from raisr.fingerprint import fingerprint


@dataclass(frozen=True)
class Compression:
    """A way to compress what is sent.

    Attributes
    ----------
    encoding : str
        As HTTP's headers Accept-Encoding and Content-Encoding name it.
    suffix : str
        Appended to the names of files compressed so.
    compress : callable
        Bytes -> compressed bytes.
    """

    encoding: str
    suffix: str
    compress: Callable[[bytes], bytes]

    def beside(self, path: Path) -> Path:
        """Where the compressed content of a file lies if it lies beside the file."""
        return path.with_name(path.name + self.suffix)


BROTLI = Compression("br", ".br", lambda data: brotli.compress(data, quality=11, lgwin=24))
GZIP = Compression("gzip", ".gz", lambda data: gzip.compress(data, 9, mtime=0))
COMPRESSIONS = (BROTLI, GZIP)
"""The one that compresses best comes first."""

COMPRESSIBLE = {".bank", ".css", ".html", ".js", ".json", ".svg"}
"""Suffixes of files that get smaller; images are compressed already."""


def compress_files(files: list[Path], cache: Path) -> None:
    """Write precompressed files beside files, on all cores.

    Raises
    ------
    OutputUnwritable
    """

    def compress_file(path: Path, compression: Compression) -> None:
        content = compressed(path, compression, cache).read_bytes()
        write_whole(compression.beside(path), content)

    # Both compressors release Python's lock while they work.
    with ThreadPoolExecutor() as pool:
        list(pool.map(compress_file, *zip(*product(files, COMPRESSIONS), strict=True)))


def compressed(path: Path, compression: Compression, cache: Path) -> Path:
    """The file of `cache` with the compressed content of a file.

    It is named by that content, since brotli takes half a minute for ten megabytes.

    Raises
    ------
    OutputUnwritable
    """
    content = path.read_bytes()
    kept = cache / f"{fingerprint(content)}{compression.suffix}"
    if not kept.exists():
        write_whole(kept, compression.compress(content))
    return kept
