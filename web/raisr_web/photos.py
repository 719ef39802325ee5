"""A folder of images: their payloads, and the output images that those decode to, in a cache."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from raisr.bank_store import BankStore
from raisr.codecs.jpeg import save_jpeg
from raisr.codecs.webp import save_webp
from raisr.decoding import Limits, decode
from raisr.errors import OutputUnwritable
from raisr.files import write_whole
from raisr.fingerprint import fingerprint, of_programs
from raisr.formats import PHOTO_SUFFIXES, format_named
from raisr.images.reading import decode_image, photo_shape, what_is_lost
from raisr.images.writing import save_png
from raisr.search.search import search
from raisr.search.settings import Settings
from raisr_decoder.containers import container_of
from raisr_decoder.errors import ContainerDamaged, ContainerUnknown, LimitExceeded, RaisrError
from raisr_decoder.metadata import Metadata, carries_metadata, parse
from raisr_web.baselines import bytes_of_same_quality
from raisr_web.errors import CacheUnwritable, PhotoMissing, PhotoUnreadable
from raisr_web.job_queue import JobQueue

DECODED_QUALITY = 90
"""Of output images as JPEG or WebP."""

LIMITS = Limits(pixels=50_000_000, seconds=60)
"""Of what is decoded here: anybody may ask for it."""


@dataclass(frozen=True)
class File:
    """The bytes of an image file, and their media type."""

    content: bytes
    media_type: str


@dataclass(frozen=True)
class Entry:
    """What the gallery knows of an image; None stands for what is not known, or not yet.

    Attributes
    ----------
    name : str
        Of the file in the folder.
    width, height : int or None
        Of the output image, in pixels.
    payload_size : int or None
        In bytes.
    file_size : int or None
        Of the file in the folder, in bytes.
    metadata : Metadata or None
        Of the payload.
    problem : str or None
        Why the image cannot be shown.
    """

    name: str
    width: int | None = None
    height: int | None = None
    payload_size: int | None = None
    file_size: int | None = None
    metadata: Metadata | None = None
    problem: str | None = None

    @property
    def title(self) -> str:
        """The name in words: what a person would call the image."""
        return Path(self.name).stem.replace("-", " ").replace("_", " ")


class Photos:
    """The images of one folder: photographs, payloads or both.

    Parameters
    ----------
    folder : Path
    cache : Path
        The folder that keeps what is encoded and decoded here.
    settings : Settings
        How photographs are encoded.
    jobs : JobQueue
        Where encoding and decoding wait until no other job runs.
    references : Path, optional
        A folder with the photographs that the payloads in `folder` were made of; a photograph and
        its payload have the same name but for the suffix.

    Attributes
    ----------
    hidden : frozenset of str
        Names of images that are not listed.
    """

    def __init__(
        self,
        folder: Path,
        cache: Path,
        settings: Settings,
        jobs: JobQueue,
        references: Path | None = None,
    ) -> None:
        self._folder = folder.resolve()
        self._cache = cache
        self._settings = settings
        self._references = references
        self.jobs = jobs
        self.banks = BankStore()
        self.hidden: frozenset[str] = frozenset()
        self._problems: dict[tuple[str, Path], str | None] = {}
        self._checking = threading.Lock()

    def entries(self) -> list[Entry]:
        """One entry for each image of the folder, sorted by name."""
        return [self.entry(name) for name in self.names()]

    def names(self) -> list[str]:
        """The names of the images in the folder, sorted."""
        return sorted(
            path.name
            for path in self._folder.iterdir()
            if path.suffix.lower() in PHOTO_SUFFIXES
            and path.name not in self.hidden
            and self._is_inside(path)
        )

    def entry(self, name: str) -> Entry:
        """What is known of an image without encoding it, be it that it cannot be read."""
        try:
            photo = self._read(name)
            content = self._encoded_before(photo)
            if not carries_metadata(content):
                height, width = photo_shape(content, name)
                problem = self._problem(photo, name)
                return Entry(name, width, height, file_size=len(photo), problem=problem)
        except RaisrError as error:
            return Entry(name, problem=str(error))
        try:
            metadata = parse(content)
        except RaisrError:
            return Entry(name, payload_size=len(content), file_size=len(photo))
        return Entry(name, metadata.width, metadata.height, len(content), len(photo), metadata)

    def payload(self, name: str) -> File:
        """The payload of the image of this name.

        A file that carries metadata is a payload; a photograph is encoded once.

        Raises
        ------
        PhotoMissing, PhotoUnreadable, Busy, CacheUnwritable, RaisrError
        """
        content = self._read(name)
        if carries_metadata(content):
            return _as_file(content)

        kept = self._kept(content)

        def make() -> bytes:
            try:
                photo = decode_image(content, name).pixels
                return search(photo, self._settings, self.banks).payload
            except RaisrError as error:
                self._problems[name, kept] = str(error)
                raise

        return _as_file(self._once(kept, make))

    def decoded(self, name: str, webp: bool) -> File:
        """The output image, decoded here: as PNG if it has alpha, else as WebP or as JPEG.

        Raises
        ------
        PhotoMissing, PhotoUnreadable, Busy, CacheUnwritable, LimitExceeded, RaisrError
        """
        payload = self.payload(name).content
        metadata = parse(payload)
        lossy, save = ("webp", save_webp) if webp else ("jpeg", save_jpeg)
        kind = format_named(lossy if metadata.alpha is None else "png")

        def make() -> bytes:
            image = decode(payload, self.banks, limits=LIMITS)
            return save(image, DECODED_QUALITY) if metadata.alpha is None else save_png(image)

        key = fingerprint(of_programs(), str(DECODED_QUALITY), payload)
        kept = self._cache / f"{key}.decoded{kind.suffix}"
        return _as_file(self._once(kept, make))

    def lost(self, name: str) -> tuple[str, ...]:
        """What of a photograph's file is not in its payload, in words; of a payload nothing.

        Raises
        ------
        PhotoMissing, PhotoUnreadable, RaisrError
        """
        content = self._read(name)
        return () if carries_metadata(content) else what_is_lost(content, name)

    def plain_size(self, name: str) -> int | None:
        """Bytes of the smallest plain JPEG that looks as good as the payload, by SSIMULACRA2.

        None where the photograph is not at hand, or no JPEG looks as good.

        Raises
        ------
        PhotoMissing, PhotoUnreadable, Busy, CacheUnwritable, RaisrError
        """
        payload = self.payload(name).content
        photo = self._reference(name)
        score = parse(payload).score
        if photo is None or score is None:
            return None

        def make() -> bytes:
            reference = decode_image(photo, name).on_white()
            return str(bytes_of_same_quality(reference, score) or "none").encode()

        kept = self._cache / f"{fingerprint(of_programs(), payload, photo)}.plain"
        size = self._once(kept, make).decode()
        return int(size) if size.isdecimal() else None

    def _once(self, kept: Path, make: Callable[[], bytes]) -> bytes:
        """The content of a file of the cache, made if it is not there."""
        if not kept.exists():
            with self.jobs.slot():
                # Another request may have waited for the same file.
                if not kept.exists():
                    self._keep(kept, make())
        return kept.read_bytes()

    def _keep(self, kept: Path, content: bytes) -> None:
        try:
            write_whole(kept, content)
        except OutputUnwritable as error:
            raise CacheUnwritable(self._cache, error.reason) from error

    def _reference(self, name: str) -> bytes | None:
        """The photograph that the payload of this name was made of, if it is at hand."""
        content = self._read(name)
        if not carries_metadata(content):
            return content
        found = self._references.iterdir() if self._references else ()
        alike = [path for path in sorted(found) if path.stem == Path(name).stem]
        photos = [path for path in alike if path.suffix.lower() in PHOTO_SUFFIXES]
        return _read_photo(photos[0]) if photos else None

    def _is_inside(self, path: Path) -> bool:
        try:
            return path.is_file() and path.resolve().is_relative_to(self._folder)
        except OSError:
            return False  # Such as a name that is longer than a file's may be.

    def _read(self, name: str) -> bytes:
        photo = self._folder / name
        known = photo.suffix.lower() in PHOTO_SUFFIXES
        if photo.name != name or not known or not self._is_inside(photo):
            raise PhotoMissing(name)
        return _read_photo(photo)

    def _encoded_before(self, photo: bytes) -> bytes:
        """The payload of a photograph if it is kept, else the photograph."""
        with suppress(OSError):
            return self._kept(photo).read_bytes()
        return photo

    def _problem(self, photo: bytes, name: str) -> str | None:
        """Why a photograph cannot be encoded, if that is known or easily seen.

        One whose container is damaged is decoded once, because readers bear with some damage.
        """
        key = name, self._kept(photo)
        # One at a time: each takes the memory of a photograph.
        with self._checking:
            if key not in self._problems and _is_damaged(photo):
                self._problems[key] = None
                try:
                    decode_image(photo, name)
                except RaisrError as error:
                    self._problems[key] = str(error)
            return self._problems.get(key)

    def _kept(self, photo: bytes) -> Path:
        """Where the payload of a photograph with this content is kept.

        The name covers all that the payload depends on, so that it can never be out of date.
        """
        return self._cache / f"{fingerprint(self._encoding, photo)}.payload"

    @cached_property
    def _encoding(self) -> str:
        """All that payloads depend on, their photographs aside."""
        return fingerprint(of_programs(), repr(self._settings), *self.banks.ids)


def _is_damaged(photo: bytes) -> bool:
    """Whether the container of a photograph breaks off or contradicts itself; others are whole."""
    try:
        container_of(photo).scan(photo)
    except ContainerUnknown:
        return False
    except (ContainerDamaged, LimitExceeded):
        return True
    return False


def _read_photo(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PhotoUnreadable(path.name, error.strerror or str(error)) from error


def _as_file(content: bytes) -> File:
    """A payload or output image; its content tells its format, whatever its name says."""
    return File(content, format_named(container_of(content).name.lower()).media_type)
