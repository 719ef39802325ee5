"""A folder of photographs, what stands for them on the wire, and what is restored from that."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from raisr_decoder.bank import shipped_folder
from raisr_decoder.errors import (
    ContainerDamaged,
    ContainerUnknown,
    RaisrError,
    RecordMissing,
)
from raisr_decoder.payload import Record, parse
from raisr_encoder.base_codec import base_codec
from raisr_encoder.decode import Limits, decode
from raisr_encoder.encode import Settings, encode
from raisr_encoder.errors import OutputUnwritable
from raisr_encoder.files import PHOTO_SUFFIXES, write_whole
from raisr_encoder.image_io import decode_picture, photo_shape, save_jpeg, save_png, save_webp
from raisr_web.errors import CacheUnwritable, PhotoMissing

MEDIA_TYPES = {
    ".avif": "image/avif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}
RESTORED_QUALITY = 90
LIMITS = Limits(seconds=60)
"""Of what is restored for others."""


@dataclass(frozen=True)
class File:
    """The bytes that are sent, and what kind of picture they are."""

    content: bytes
    media_type: str


@dataclass(frozen=True)
class Entry:
    """A line of the gallery.

    `width` and `height` are the full picture's, in pixels; `size` is the payload's, in bytes, and
    `original` the file's in the folder. Each is None while it is not known; `problem` says why a
    picture cannot be shown.
    """

    name: str
    width: int | None = None
    height: int | None = None
    size: int | None = None
    original: int | None = None
    record: Record | None = None
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
        # One picture at a time: the encoder and the kernels use every core themselves.
        self._working = threading.Lock()

    def entries(self) -> list[Entry]:
        """One entry for each picture of the folder, by name."""
        return [self.entry(name) for name in self.names()]

    def names(self) -> list[str]:
        """The pictures of the folder."""
        return sorted(
            path.name
            for path in self._folder.iterdir()
            if path.suffix.lower() in PHOTO_SUFFIXES and self._is_inside(path)
        )

    def entry(self, name: str) -> Entry:
        """What is known of a picture without encoding it.

        Raises
        ------
        PhotoMissing
        """
        photo = self._read(name)
        kept = self._kept(photo)
        content = kept.read_bytes() if kept.exists() else photo
        try:
            if not _carries_record(content):
                height, width = photo_shape(content, name)
                return Entry(name, width, height, original=len(photo))
        except RaisrError as error:
            return Entry(name, problem=str(error))
        try:
            record = parse(content)
        except RaisrError:
            return Entry(name, size=len(content))
        return Entry(name, record.width, record.height, len(content), len(photo), record)

    def payload(self, name: str) -> File:
        """What to send for the picture of this name.

        A file that carries a record is sent as it is; an ordinary photograph is encoded once.

        Raises
        ------
        PhotoMissing, CacheUnwritable, RaisrError
        """
        content = self._read(name)
        if _carries_record(content):
            suffix = Path(name).suffix.lower()
            return File(content, MEDIA_TYPES.get(suffix, "application/octet-stream"))
        return self._once(
            self._kept(content),
            lambda: encode(decode_picture(content, name).pixels, self._settings).payload,
        )

    def restored(self, name: str, webp: bool) -> File:
        """The full picture, for those who cannot restore it: as WebP, or as JPEG or PNG.

        Raises
        ------
        PhotoMissing, CacheUnwritable, RaisrError
        """
        payload = self.payload(name).content
        transparent = parse(payload).alpha is not None
        suffix = ".png" if transparent else ".webp" if webp else ".jpg"

        def restore() -> bytes:
            picture = decode(payload, limits=LIMITS)
            if suffix == ".png":
                return save_png(picture)
            return (save_webp if webp else save_jpeg)(picture, RESTORED_QUALITY)

        key = hashlib.sha256(payload).hexdigest()
        return self._once(self._cache / f"{key}.restored{suffix}", restore)

    def _once(self, kept: Path, make: Callable[[], bytes]) -> File:
        """A file of the cache, made if it is not there."""
        with self._working:
            if not kept.exists():
                try:
                    write_whole(kept, make())
                except OutputUnwritable as error:
                    raise CacheUnwritable(self._cache, error.reason) from error
        return File(kept.read_bytes(), MEDIA_TYPES[kept.suffix])

    def _is_inside(self, path: Path) -> bool:
        return path.is_file() and path.resolve().is_relative_to(self._folder)

    def _read(self, name: str) -> bytes:
        if name not in self.names():
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


def _carries_record(content: bytes) -> bool:
    try:
        parse(content)
    except (ContainerUnknown, ContainerDamaged, RecordMissing):
        return False
    except RaisrError:
        pass  # The payload is sent all the same, and the page says what is wrong with it.
    return True
