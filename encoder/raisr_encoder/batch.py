"""Many photographs -> payloads on disk, each only once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any

from raisr_decoder.errors import RaisrError
from raisr_decoder.payload import carries_record
from raisr_encoder.bank_store import BankStore
from raisr_encoder.base_codec import base_codec
from raisr_encoder.candidate import Candidate
from raisr_encoder.crew import Crew
from raisr_encoder.errors import (
    NoPhotographs,
    OutputUnwritable,
    PayloadsCollide,
    PictureUnreadable,
)
from raisr_encoder.files import check_writable, find_photographs, keep_apart, read_file, write_whole
from raisr_encoder.image_io import decode_picture
from raisr_encoder.search import search
from raisr_encoder.settings import Settings

INDEX = ".raisr-index"
"""Lies beside the payloads, so that it is moved, copied and deleted with them."""


@dataclass(frozen=True)
class Errand:
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
class Encoded:
    """A payload on disk.

    Attributes
    ----------
    photo, payload : str
        Their paths.
    base, scale, bank : str
        `bank` is None for the plain codec.
    quality : float
    width, height : int
        Of the photograph, in pixels.
    photo_bytes, bytes : int
        Sizes of the two files.
    score : float
        SSIMULACRA2 of the restored picture.
    psnr : float
        Of its luma, in dB.
    seconds : float
        What encoding took, once.
    unchanged : bool
        Whether the payload was there already.
    """

    photo: str
    payload: str
    base: str
    scale: str
    quality: float
    bank: str | None
    width: int
    height: int
    photo_bytes: int
    bytes: int
    score: float
    psnr: float
    seconds: float
    unchanged: bool = False


@dataclass(frozen=True)
class Failed:
    """A photograph without a payload, and why."""

    photo: str
    error: RaisrError


def originals(sources: Sequence[Path]) -> list[Path]:
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


def errands_for(photos: list[Path], sources: Sequence[Path], folder: Path | None) -> list[Errand]:
    """Where payloads go: into a folder, sub-folders kept, or as PHOTO.raisr beside the photograph.

    Raises
    ------
    PayloadsCollide
    """
    if folder is None:
        places = [photo.with_name(f"{photo.stem}.raisr") for photo in photos]
    else:
        places = [folder / _within(sources, photo).with_suffix("") for photo in photos]
    if len(set(places)) < len(places):
        twice = next(place for place in places if places.count(place) > 1)
        clash = zip(photos, places, strict=True)
        raise PayloadsCollide(twice, [photo for photo, place in clash if place == twice])
    return [Errand(photo, place) for photo, place in zip(photos, places, strict=True)]


def encode_all(
    errands: Sequence[Errand], settings: Settings, banks: BankStore, crew: Crew, threads: int
) -> Iterator[Encoded | Failed]:
    """Encode photographs, one result for each: first those whose payloads are there already.

    A payload is left as it is if its bytes are those that the same photograph, settings and banks
    gave before, whatever the clocks say.

    Parameters
    ----------
    errands : sequence of Errand
    settings : Settings
    banks : BankStore
    crew : Crew
        Its workers read the photographs; the payloads are written here.
    threads : int
        For each photograph.

    Raises
    ------
    WorkersLost, BankError
    """
    fingerprint = _fingerprint(settings, banks)
    indices = {folder: _Index(folder) for folder in {errand.place.parent for errand in errands}}
    pending = []
    for errand in errands:
        try:
            for base in settings.bases:
                keep_apart(errand.photo, errand.target(base))
            check_writable(errand.target(settings.bases[0]))
            key = _key(read_file(errand.photo), fingerprint, errand)
        except RaisrError as error:
            yield Failed(str(errand.photo), error)
            continue
        kept = indices[errand.place.parent].find(key)
        if kept is None:
            pending.append(errand)
        else:
            yield replace(kept, photo=str(errand.photo), unchanged=True)
    tasks = [(errand,) for errand in pending]
    results = crew.map(_encode, tasks, settings, banks, fingerprint, threads)
    for errand, result in zip(pending, results, strict=True):
        try:
            yield _keep(result, errand, indices[errand.place.parent])
        except RaisrError as error:
            yield Failed(str(errand.photo), error)


def _is_payload(file: Path) -> bool:
    try:
        return carries_record(file.read_bytes())
    except OSError:
        return False


def _within(sources: Sequence[Path], photo: Path) -> Path:
    """The path of a photograph below the folder that was named, else its name."""
    for source in sources:
        if source.is_dir() and photo.is_relative_to(source):
            return photo.relative_to(source)
    return Path(photo.name)


@dataclass(frozen=True)
class _Made:
    """What a worker sends back."""

    key: str
    photo_bytes: int
    candidate: Candidate
    seconds: float


def _encode(
    errand: Errand, settings: Settings, banks: BankStore, fingerprint: str, threads: int
) -> _Made | RaisrError:
    start = time.perf_counter()
    try:
        data = read_file(errand.photo)
        picture = decode_picture(data, errand.photo.name).pixels
        candidate = search(picture, settings, banks, threads)
    except RaisrError as error:
        return error
    except MemoryError:
        return PictureUnreadable(errand.photo, "there is not enough memory for its pixels")
    seconds = time.perf_counter() - start
    return _Made(_key(data, fingerprint, errand), len(data), candidate, seconds)


def _keep(result: _Made | RaisrError, errand: Errand, index: _Index) -> Encoded:
    """Write what a worker has made."""
    if isinstance(result, RaisrError):
        raise result
    made = result.candidate
    target = errand.target(made.base)
    write_whole(target, made.payload)
    encoded = Encoded(
        photo=str(errand.photo),
        payload=str(target),
        base=made.base,
        scale=str(made.scale),
        quality=made.quality,
        bank=made.bank,
        width=made.record.width,
        height=made.record.height,
        photo_bytes=result.photo_bytes,
        bytes=len(made.payload),
        score=round(made.score, 2),
        psnr=round(made.psnr, 2),
        seconds=round(result.seconds, 2),
    )
    index.add(result.key, made.payload, encoded)
    return encoded


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

    def find(self, key: str) -> Encoded | None:
        """What was made under this key, if the payload is still there as it was written."""
        if key not in self._entries:
            return None
        entry = self._entries[key]
        try:
            kept = Encoded(**entry["made"])
            payload = self._path.with_name(Path(kept.payload).name)
            if _digest(payload.read_bytes()) != entry["digest"]:
                return None
        except (OSError, KeyError, TypeError):
            return None
        return replace(kept, payload=str(payload))

    def add(self, key: str, payload: bytes, made: Encoded) -> None:
        """Remember a payload.

        Raises
        ------
        OutputUnwritable
        """
        line = json.dumps({"key": key, "digest": _digest(payload), "made": asdict(made)})
        try:
            with self._path.open("a") as stream:
                # Not behind a line that has broken off.
                stream.write("\n" + line)
        except OSError as error:
            raise OutputUnwritable(self._path, error.strerror or str(error)) from error


def _fingerprint(settings: Settings, banks: BankStore) -> str:
    """All that a payload depends on but its photograph."""
    programs = [version(name) for name in ("raisr-decoder", "raisr-encoder", "numpy", "pillow")]
    return repr((settings, banks.ids, programs))


def _key(photo: bytes, fingerprint: str, errand: Errand) -> str:
    return _digest(f"{fingerprint} {errand.place.name} {errand.suffix} ".encode() + photo)


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()
