"""A folder of photographs, and the payloads that stand for them on the wire."""

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path

from raisr_decoder.bank import shipped_folder
from raisr_decoder.errors import (
    ContainerDamaged,
    ContainerUnknown,
    RaisrError,
    RecordMissing,
)
from raisr_decoder.payload import parse
from raisr_encoder.base_codec import base_codec
from raisr_encoder.encode import Settings, encode
from raisr_encoder.errors import OutputUnwritable
from raisr_encoder.files import PHOTO_SUFFIXES, write_whole
from raisr_encoder.image_io import decode_photo, photo_shape
from raisr_web.errors import CacheUnwritable, PhotoMissing

MEDIA_TYPES = {
    ".avif": "image/avif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}


@dataclass(frozen=True)
class Payload:
    """The bytes that are sent for a photograph, and what kind of picture they are."""

    content: bytes
    media_type: str


@dataclass(frozen=True)
class Entry:
    """A line of the gallery.

    `width` and `height` are the full picture's, in pixels; `size` is the payload's, in bytes.
    Each is None while it is not known; `problem` says why a picture cannot be shown.
    """

    name: str
    width: int | None = None
    height: int | None = None
    size: int | None = None
    problem: str | None = None

    @property
    def title(self) -> str:
        """The name in words: what a person would call the picture."""
        return Path(self.name).stem.replace("-", " ").replace("_", " ")


class Photos:
    """The photographs of one folder; payloads that had to be made are kept in `cache`."""

    def __init__(self, folder: Path, cache: Path, settings: Settings) -> None:
        self._folder = folder.resolve()
        self._cache = cache
        self._settings = settings
        # One photograph at a time: the encoder itself uses every core.
        self._encoding = threading.Lock()

    def entries(self) -> list[Entry]:
        """One entry for each picture of the folder, by name."""
        return [self._entry(name) for name in self._names()]

    def payload(self, name: str) -> Payload:
        """What to send for the picture of this name.

        A file that carries a record is sent as it is; an ordinary photograph is encoded once.

        Raises
        ------
        PhotoMissing, CacheUnwritable, RaisrError
        """
        content = self._read(name)
        if _carries_record(content):
            suffix = Path(name).suffix.lower()
            return Payload(content, MEDIA_TYPES.get(suffix, "application/octet-stream"))
        kept = self._kept(content)
        with self._encoding:
            if not kept.exists():
                encoded = encode(decode_photo(content, name), self._settings)
                self._keep(kept, encoded.payload)
        return Payload(kept.read_bytes(), MEDIA_TYPES[kept.suffix])

    def _entry(self, name: str) -> Entry:
        try:
            content = self._read(name)
            kept = self._kept(content)
            if kept.exists():
                content = kept.read_bytes()
            if not _carries_record(content):
                height, width = photo_shape(content, name)
                return Entry(name, width, height)
        except (RaisrError, PhotoMissing) as error:
            return Entry(name, problem=str(error))
        try:
            record = parse(content)
        except RaisrError:
            return Entry(name, size=len(content))
        return Entry(name, record.width, record.height, len(content))

    def _names(self) -> list[str]:
        return sorted(
            path.name
            for path in self._folder.iterdir()
            if path.suffix.lower() in PHOTO_SUFFIXES and self._is_inside(path)
        )

    def _is_inside(self, path: Path) -> bool:
        return path.is_file() and path.resolve().is_relative_to(self._folder)

    def _read(self, name: str) -> bytes:
        if name not in self._names():
            raise PhotoMissing(name)
        try:
            return (self._folder / name).read_bytes()
        except OSError as error:
            raise PhotoMissing(name) from error

    def _kept(self, photo: bytes) -> Path:
        """Where the payload of a photograph with this content is kept.

        The name covers all that the payload depends on, so that it can never be out of date.
        """
        banks = sorted(path.name for path in shipped_folder().glob("*.bank"))
        key = hashlib.sha256(f"{self._settings} {banks} ".encode() + photo).hexdigest()
        return self._cache / f"{key}{base_codec(self._settings.base).suffix}"

    def _keep(self, kept: Path, payload: bytes) -> None:
        try:
            write_whole(kept, payload)
        except OutputUnwritable as error:
            raise CacheUnwritable(self._cache, error.reason) from error


def _carries_record(content: bytes) -> bool:
    try:
        parse(content)
    except (ContainerUnknown, ContainerDamaged, RecordMissing):
        return False
    except RaisrError:
        pass  # The payload is sent all the same, and the page says what is wrong with it.
    return True
