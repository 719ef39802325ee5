"""The key of whatever is kept for later: a digest of all that it depends on."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import raisr_decoder

LIBRARIES = ("numpy", "pillow", "pyvips-binary", "ssimulacra2")
"""What makes and judges pixels, beside our own sources."""


def fingerprint(*parts: str | bytes) -> str:
    """32 hexadecimal digits that differ where any of the parts does.

    Examples
    --------
    >>> fingerprint("ab", "c") == fingerprint("a", "bc")
    False
    """
    digest = blake2b(digest_size=16)
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(f"{len(content)} ".encode() + content)
    return digest.hexdigest()


@cache
def of_programs() -> str:
    """Of the sources that encode, decode and train, and of the libraries that they use."""
    packages = [Path(file).parent for file in (__file__, str(raisr_decoder.__file__))]
    sources = [path for folder in packages for path in sorted(folder.rglob("*.py"))]
    return fingerprint(*map(Path.read_bytes, sources), *map(_version, LIBRARIES))


def _version(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return name
