"""A folder of photographs, what stands for them on the wire, and what is restored from that."""

from collections.abc import Callable
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
from raisr.images.reading import decode_image, photo_shape
from raisr.images.writing import save_png
from raisr.search.search import search
from raisr.search.settings import Settings
from raisr_decoder.containers import container_of
from raisr_decoder.errors import RaisrError
from raisr_decoder.metadata import Metadata, carries_metadata, parse
from raisr_web.baselines import bytes_of_same_quality
from raisr_web.errors import CacheUnwritable, PhotoMissing
from raisr_web.job_queue import Work

RESTORED_QUALITY = 90
LIMITS = Limits(pixels=50_000_000, seconds=60)
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
    metadata: Metadata | None = None
    problem: str | None = None

    @property
    def title(self) -> str:
        """The name in words: what a person would call the picture."""
        return Path(self.name).stem.replace("-", " ").replace("_", " ")


class Photos:
    """The photographs of one folder.

    Parameters
    ----------
    folder : Path
    cache : Path
        Keeps payloads that had to be made, and what is restored.
    settings : Settings
        Of those payloads.
    work : Work
        Where they are made.
    originals : Path, optional
        A folder with the photographs that the payloads in `folder` were made of, by their stems.
    """

    def __init__(
        self,
        folder: Path,
        cache: Path,
        settings: Settings,
        work: Work,
        originals: Path | None = None,
    ) -> None:
        self._folder = folder.resolve()
        self._cache = cache
        self._settings = settings
        self._work = work
        self._originals = originals
        self.banks = BankStore()

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
            if not carries_metadata(content):
                height, width = photo_shape(content, name)
                return Entry(name, width, height, original=len(photo))
        except RaisrError as error:
            return Entry(name, problem=str(error))
        try:
            metadata = parse(content)
        except RaisrError:
            return Entry(name, size=len(content))
        return Entry(name, metadata.width, metadata.height, len(content), len(photo), metadata)

    def payload(self, name: str) -> File:
        """What to send for the picture of this name.

        A file that carries metadata is sent as it is; an ordinary photograph is encoded once.

        Raises
        ------
        PhotoMissing, Busy, CacheUnwritable, RaisrError
        """
        content = self._read(name)
        if carries_metadata(content):
            return _as_file(content)

        def make() -> bytes:
            picture = decode_image(content, name).pixels
            return search(picture, self._settings, self.banks).payload

        kept = self._kept(content)
        return _as_file(self._once(kept, make))

    def restored(self, name: str, webp: bool) -> File:
        """The full picture, for those who cannot restore it: as WebP, or as JPEG or PNG.

        Raises
        ------
        PhotoMissing, Busy, CacheUnwritable, LimitExceeded, RaisrError
        """
        payload = self.payload(name).content
        metadata = parse(payload)
        suffix = ".png" if metadata.alpha is not None else ".webp" if webp else ".jpg"

        def make() -> bytes:
            picture = decode(payload, self.banks, limits=LIMITS)
            if suffix == ".png":
                return save_png(picture)
            return (save_webp if webp else save_jpeg)(picture, RESTORED_QUALITY)

        kept = self._cache / f"{fingerprint(of_programs(), payload)}.restored{suffix}"
        return _as_file(self._once(kept, make))

    def plain_size(self, name: str) -> int | None:
        """Bytes of the smallest plain JPEG that looks as good as the payload, by SSIMULACRA2.

        None where the photograph is not at hand, or no JPEG looks as good.

        Raises
        ------
        PhotoMissing, Busy, CacheUnwritable, RaisrError
        """
        payload = self.payload(name).content
        photo = self._original(name)
        score = parse(payload).score
        if photo is None or score is None:
            return None

        def make() -> bytes:
            picture = decode_image(photo, name).on_white()
            return str(bytes_of_same_quality(picture, score) or "none").encode()

        size = self._once(
            self._cache / f"{fingerprint(of_programs(), payload, photo)}.plain", make
        ).decode()
        return int(size) if size.isdecimal() else None

    def _once(self, kept: Path, make: Callable[[], bytes]) -> bytes:
        """The content of a file of the cache, made if it is not there."""
        if not kept.exists():
            with self._work.turn():
                # Somebody else may have waited for the same.
                if not kept.exists():
                    self._keep(kept, make())
        return kept.read_bytes()

    def _keep(self, kept: Path, content: bytes) -> None:
        try:
            write_whole(kept, content)
        except OutputUnwritable as error:
            raise CacheUnwritable(self._cache, error.reason) from error

    def _original(self, name: str) -> bytes | None:
        """The photograph that a picture's payload was made of, if it is at hand."""
        content = self._read(name)
        if not carries_metadata(content):
            return content
        found = self._originals.glob("*") if self._originals else ()
        alike = [path for path in sorted(found) if path.stem == Path(name).stem]
        photos = [path for path in alike if path.suffix.lower() in PHOTO_SUFFIXES]
        return photos[0].read_bytes() if photos else None

    def _is_inside(self, path: Path) -> bool:
        return path.is_file() and path.resolve().is_relative_to(self._folder)

    def _read(self, name: str) -> bytes:
        photo = self._folder / name
        known = photo.suffix.lower() in PHOTO_SUFFIXES
        if photo.name != name or not known or not self._is_inside(photo):
            raise PhotoMissing(name)
        try:
            return photo.read_bytes()
        except OSError as error:
            raise PhotoMissing(name) from error

    def _kept(self, photo: bytes) -> Path:
        """Where the payload of a photograph with this content is kept.

        The name covers all that the payload depends on, so that it can never be out of date.
        """
        return self._cache / f"{fingerprint(self._encoding, photo)}.payload"

    @cached_property
    def _encoding(self) -> str:
        """All that payloads depend on but their photographs."""
        return fingerprint(of_programs(), repr(self._settings), *self.banks.ids)


def _as_file(content: bytes) -> File:
    """An image of a base codec's format; its name may say otherwise."""
    return File(content, format_named(container_of(content).name.lower()).media_type)
