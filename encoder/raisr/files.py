"""Files on disk: which ones to work on, and writing them whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Sequence
from errno import EISDIR
from pathlib import Path
from tempfile import TemporaryFile

from raisr.errors import InputUnreadable, NoPhotographs, OutputUnwritable, TargetsCollide
from raisr.formats import PHOTO_SUFFIXES


def find_photographs(sources: Iterable[Path]) -> list[Path]:
    """The files named, and the pictures in the folders named, their sub-folders included.

    Raises
    ------
    NoPhotographs
    """
    sources = list(sources)
    found: list[Path] = []
    for source in sources:
        found += _pictures_in(source) if source.is_dir() else [source]
    if not found:
        raise NoPhotographs(sources)
    # Named twice, or as a part of a folder, a file is worked on once.
    return list(dict.fromkeys(found))


def _pictures_in(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in PHOTO_SUFFIXES and path.is_file()
    )


def path_below(sources: Iterable[Path], file: Path) -> Path:
    """The path of a file below the folder that was named, else its name."""
    for source in sources:
        if source.is_dir() and file.is_relative_to(source):
            return file.relative_to(source)
    return Path(file.name)


def check_distinct(targets: Sequence[Path], sources: Sequence[Path]) -> None:
    """Make sure that no two files would become the same one.

    Raises
    ------
    TargetsCollide
    """
    if len(set(targets)) < len(targets):
        twice = next(target for target in targets if targets.count(target) > 1)
        pairs = zip(sources, targets, strict=True)
        raise TargetsCollide(twice, [source for source, target in pairs if target == twice])


def read_file(source: Path, most: int = -1) -> bytes:
    """The bytes of a file, or no more than the first `most`.

    Raises
    ------
    InputUnreadable
    """
    try:
        with source.open("rb") as stream:
            return stream.read(most)
    except OSError as error:
        raise InputUnreadable(source, error.strerror or str(error)) from error


def write_whole(target: Path, data: bytes) -> None:
    """Write a file so that it is never seen half-written, not even after a power cut.

    Raises
    ------
    OutputUnwritable
    """
    unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with unfinished.open("xb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise OutputUnwritable(target, error.strerror or str(error)) from error


def check_writable(target: Path) -> None:
    """Find out before long work whether `write_whole` would fail after it.

    Raises
    ------
    OutputUnwritable
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            raise IsADirectoryError(EISDIR, "it is a folder")
        TemporaryFile(dir=target.parent).close()
    except OSError as error:
        raise OutputUnwritable(target, error.strerror or str(error)) from error


def keep_apart(source: Path, target: Path) -> None:
    """Never write over what is being read.

    Raises
    ------
    OutputUnwritable
    """
    if target.exists() and source.exists() and target.samefile(source):
        raise OutputUnwritable(target, "it is the file that is being read")
