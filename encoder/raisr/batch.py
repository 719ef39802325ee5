"""Many photographs -> payloads on disk, each only once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from raisr.bank_store import BankStore
from raisr.codecs import base_codec
from raisr.encoded import Encoded
from raisr.errors import (
    AlreadyEncoded,
    ImageUnreadable,
    NoPhotographs,
    OutputUnwritable,
    TargetsCollide,
)
from raisr.executor import Executor
from raisr.files import (
    check_distinct,
    check_writable,
    find_photographs,
    keep_apart,
    path_below,
    read_file,
    write_whole,
)
from raisr.fingerprint import fingerprint, of_programs
from raisr.images.reading import decode_image
from raisr.search.search import search
from raisr.search.settings import Settings
from raisr_decoder.errors import RaisrError
from raisr_decoder.metadata import carries_metadata, parse

INDEX = ".raisr-index"
"""Lies beside the payloads, so that it is moved, copied and deleted with them."""


@dataclass(frozen=True)
class EncodeJob:
    """A photograph, and where its payload goes.

    Attributes
    ----------
    photo : Path
    place : Path
        The payload without its suffix.
    suffix : str or None
        None where the base codec decides.
    """

    photo: Path
    place: Path
    suffix: str | None = None

    def target(self, base: str) -> Path:
        """The payload, if this base codec makes it."""
        suffix = base_codec(base).suffix if self.suffix is None else self.suffix
        return self.place.with_name(self.place.name + suffix)


@dataclass(frozen=True)
class EncodedFile:
    """A payload on disk.

    Attributes
    ----------
    photo, target : Path
        The photograph, and its payload.
    photo_size : int
        Bytes of the photograph's file.
    encoded : Encoded
        What the payload is.
    seconds : float
        What encoding took, once.
    lost : tuple of str
        What of the photograph's file is not in the payload, in words.
    unchanged : bool
        Whether the payload was there already.
    """

    photo: Path
    target: Path
    photo_size: int
    encoded: Encoded
    seconds: float
    lost: tuple[str, ...] = ()
    unchanged: bool = False

    @property
    def size(self) -> int:
        """Bytes of the payload."""
        return len(self.encoded.payload)


@dataclass(frozen=True)
class Failed:
    """A photograph without a payload, and why."""

    photo: Path
    error: RaisrError


def photographs_in(sources: Sequence[Path]) -> list[Path]:
    """The photographs that are named, and those in folders that are; payloads there are none.

    Raises
    ------
    NoPhotographs
    """
    found = find_photographs(sources)
    kept = [photo for photo in found if photo in sources or not _is_payload(photo)]
    if not kept:
        raise NoPhotographs(list(sources))
    return kept


def payloads_in(sources: Sequence[Path]) -> list[Path]:
    """The files that are named, and the payloads in folders that are.

    Raises
    ------
    NoPhotographs
    """
    found = [file for file in find_photographs(sources) if file in sources or _is_payload(file)]
    if not found:
        raise NoPhotographs(list(sources))
    return found


def plan_jobs(photos: list[Path], sources: Sequence[Path], folder: Path | None) -> list[EncodeJob]:
    """Where payloads go: into a folder, sub-folders kept, or as PHOTO.raisr beside the photograph.

    Raises
    ------
    TargetsCollide
    """
    if folder is None:
        places = [photo.with_name(f"{photo.stem}.raisr") for photo in photos]
    else:
        places = [folder / path_below(sources, photo).with_suffix("") for photo in photos]
    check_distinct(places, photos)
    return [EncodeJob(photo, place) for photo, place in zip(photos, places, strict=True)]


def encode_all(
    encode_jobs: Sequence[EncodeJob],
    settings: Settings,
    banks: BankStore,
    executor: Executor,
    threads: int,
) -> Iterator[EncodedFile | Failed]:
    """Encode photographs, one result for each: first those whose payloads are there already.

    A payload is left as it is if its bytes are those that the same photograph, settings and banks
    gave before, whatever the clocks say.

    Parameters
    ----------
    encode_jobs : sequence of EncodeJob
    settings : Settings
    banks : BankStore
    executor : Executor
        Its workers read the photographs; the payloads are written here.
    threads : int
        For each photograph.

    Raises
    ------
    WorkersLost, BankError
    """
    # All that a payload depends on but its photograph.
    common = fingerprint(of_programs(), repr(settings), *banks.ids)
    indices = {folder: _Index(folder) for folder in {job.place.parent for job in encode_jobs}}
    pending = []
    for job in encode_jobs:
        try:
            for base in settings.bases:
                keep_apart(job.photo, job.target(base))
                indices[job.place.parent].check_free(job.target(base), job.photo)
            check_writable(job.target(settings.bases[0]))
            key = _key(read_file(job.photo), common, job)
        except RaisrError as error:
            yield Failed(job.photo, error)
            continue
        kept = indices[job.place.parent].find(key)
        if kept is None:
            pending.append(job)
        else:
            yield replace(kept, photo=job.photo, unchanged=True)
    tasks = [(job,) for job in pending]
    results = executor.map(_encode, tasks, settings, banks, common, threads)
    for job, result in zip(pending, results, strict=True):
        try:
            yield _keep(result, job, indices[job.place.parent])
        except RaisrError as error:
            yield Failed(job.photo, error)


def _is_payload(file: Path) -> bool:
    try:
        return carries_metadata(file.read_bytes())
    except OSError:
        return False


@dataclass(frozen=True)
class _Made:
    """What a worker sends back."""

    key: str
    photo_size: int
    encoded: Encoded
    lost: tuple[str, ...]
    seconds: float


def _encode(
    job: EncodeJob, settings: Settings, banks: BankStore, common: str, threads: int
) -> _Made | RaisrError:
    start = time.perf_counter()
    try:
        data = read_file(job.photo)
        if carries_metadata(data):
            return AlreadyEncoded(job.photo)
        photo = decode_image(data, job.photo.name)
        encoded = search(photo.pixels, settings, banks, threads)
    except RaisrError as error:
        return error
    except MemoryError:
        return ImageUnreadable(job.photo, "there is not enough memory for its pixels")
    seconds = time.perf_counter() - start
    return _Made(_key(data, common, job), len(data), encoded, photo.lost, seconds)


def _keep(result: _Made | RaisrError, job: EncodeJob, index: _Index) -> EncodedFile:
    """Write what a worker has made."""
    if isinstance(result, RaisrError):
        raise result
    target = job.target(result.encoded.base)
    write_whole(target, result.encoded.payload)
    made = EncodedFile(
        job.photo, target, result.photo_size, result.encoded, result.seconds, result.lost
    )
    index.add(result.key, made)
    return made


class _Index:
    """What is known of the payloads in a folder: a line of JSON for each."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / INDEX
        self._entries: dict[str, dict[str, Any]] = {}
        lines = self._path.read_bytes().splitlines() if self._path.is_file() else []
        for line in lines:
            # A line may have broken off when a disk was full; its payload is made again.
            with suppress(ValueError, KeyError, TypeError):
                entry = json.loads(line)
                self._entries[entry["key"]] = entry

    def find(self, key: str) -> EncodedFile | None:
        """What was made under this key, if the payload is still there as it was written."""
        if key not in self._entries:
            return None
        entry = self._entries[key]
        try:
            target = self._path.with_name(entry["payload"])
            payload = target.read_bytes()
            if fingerprint(payload) != entry["digest"]:
                return None
            metadata = parse(payload)
            scale = Fraction(entry["scale"])
            measured = entry["score"], entry["psnr"]
            encoded = Encoded(
                entry["base"], scale, entry["quality"], metadata.bank, payload, *measured
            )
            known = entry["photo_size"], encoded, entry["seconds"], tuple(entry["lost"])
            made = EncodedFile(target, target, *known)
        except (OSError, KeyError, TypeError, ValueError, RaisrError):
            return None
        return made

    def check_free(self, target: Path, photo: Path) -> None:
        """Make sure that a payload replaces at most an earlier one of the same photograph.

        Raises
        ------
        TargetsCollide, OutputUnwritable
        """
        if not target.exists():
            return
        made_of = [each for each in self._entries.values() if each.get("payload") == target.name]
        source = Path(made_of[-1].get("photo", "")) if made_of else None
        if source is None and not _is_payload(target):
            raise OutputUnwritable(target, "a file is there that raisr did not write")
        if source is not None and source.is_file() and not photo.samefile(source):
            raise TargetsCollide(target, [source, photo])

    def add(self, key: str, made: EncodedFile) -> None:
        """Remember a payload.

        Raises
        ------
        OutputUnwritable
        """
        encoded = made.encoded
        entry = {
            "key": key,
            "payload": made.target.name,
            "photo": str(made.photo.absolute()),
            "digest": fingerprint(encoded.payload),
            "photo_size": made.photo_size,
            "base": encoded.base,
            "scale": str(encoded.scale),
            "quality": encoded.quality,
            "score": encoded.score,
            "psnr": encoded.psnr,
            "seconds": round(made.seconds, 2),
            "lost": made.lost,
        }
        try:
            with self._path.open("a") as stream:
                # Not behind a line that has broken off.
                stream.write("\n" + json.dumps(entry))
        except OSError as error:
            raise OutputUnwritable(self._path, error.strerror or str(error)) from error


def _key(photo: bytes, common: str, job: EncodeJob) -> str:
    return fingerprint(common, job.place.name, job.suffix or "", photo)
