"""Files as they travel: the same content under brotli and gzip, made once and kept."""

import gzip
import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import brotli

from raisr.files import write_whole

COMPRESSORS: Mapping[str, Callable[[bytes], bytes]] = {
    "br": lambda content: brotli.compress(content, quality=11, lgwin=24),
    "gz": lambda content: gzip.compress(content, 9, mtime=0),
}
"""By the suffix of the files that they make."""


def compress_files(files: list[Path], cache: Path) -> None:
    """Put compressed twins beside files, on all cores."""

    def compress_file(path: Path, suffix: str) -> None:
        twin = path.with_name(f"{path.name}.{suffix}")
        write_whole(twin, compressed(path, suffix, cache).read_bytes())

    # Both compressors let go of Python's lock while they work.
    with ThreadPoolExecutor() as pool:
        twins = [(path, suffix) for path in files for suffix in COMPRESSORS]
        list(pool.map(compress_file, *zip(*twins, strict=True)))


def compressed(path: Path, suffix: str, cache: Path) -> Path:
    """The compressed twin of a file.

    `cache` keeps what was compressed before, by the content's hash: brotli takes half a minute for
    ten megabytes.

    Raises
    ------
    OutputUnwritable
    """
    content = path.read_bytes()
    kept = cache / f"{hashlib.sha256(content).hexdigest()[:32]}.{suffix}"
    if not kept.exists():
        write_whole(kept, COMPRESSORS[suffix](content))
    return kept
