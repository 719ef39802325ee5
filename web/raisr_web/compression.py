"""Files as they travel: the same content under brotli and gzip, made once and kept."""

import gzip
import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import brotli

from raisr_encoder.files import write_whole

COMPRESSORS: Mapping[str, Callable[[bytes], bytes]] = {
    "br": lambda content: brotli.compress(content, quality=11, lgwin=24),
    "gz": lambda content: gzip.compress(content, 9, mtime=0),
}
"""By the suffix of the files that they make."""


def compress_files(files: list[Path], cache: Path) -> None:
    """Put compressed twins beside files, on all cores.

    `cache` keeps what was compressed before, by the content's hash: brotli takes half a minute for
    ten megabytes.
    """
    # Both let go of Python's lock while they work.
    with ThreadPoolExecutor() as pool:
        twins = [(path, suffix, cache) for path in files for suffix in COMPRESSORS]
        list(pool.map(_compress_file, *zip(*twins, strict=True)))


def _compress_file(path: Path, suffix: str, cache: Path) -> None:
    content = path.read_bytes()
    kept = cache / f"{hashlib.sha256(content).hexdigest()[:32]}.{suffix}"
    if not kept.exists():
        write_whole(kept, COMPRESSORS[suffix](content))
    write_whole(path.with_name(f"{path.name}.{suffix}"), kept.read_bytes())
