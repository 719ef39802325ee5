"""How many bytes small payloads save, beside what the download of Python costs once."""

from dataclasses import dataclass
from math import ceil

from raisr_decoder.errors import RaisrError
from raisr_web.errors import Busy, CacheUnwritable
from raisr_web.photos import Photos

MAX_MEASURED = 4
"""Images of a folder that are measured: each takes seconds, once."""

MAX_BREAK_EVEN = 10_000
"""Images beyond which a download practically never pays for itself."""


@dataclass(frozen=True)
class Savings:
    """Bytes of some images of a folder.

    Attributes
    ----------
    images : int
        How many were measured.
    sent : int
        Bytes of their payloads.
    plain : int
        Bytes of plain JPEGs that look as good, by SSIMULACRA2.
    """

    images: int
    sent: int
    plain: int

    def break_even(self, download: int) -> int | None:
        """How many such images save as many bytes as are downloaded once.

        None if they save none, or so few that it would take more than `MAX_BREAK_EVEN`.
        """
        saved = self.plain - self.sent
        count = ceil(download * self.images / saved) if saved > 0 else None
        return None if count is None or count > MAX_BREAK_EVEN else count


def measure(photos: Photos) -> Savings:
    """Measure the first images of a folder whose photographs are at hand.

    Raises
    ------
    Busy, CacheUnwritable
    """
    sizes = []
    for entry in photos.entries()[:MAX_MEASURED]:
        try:
            plain = photos.plain_size(entry.name)
            if plain is not None:
                sizes.append((len(photos.payload(entry.name).content), plain))
        except (Busy, CacheUnwritable):
            raise
        except RaisrError:
            continue  # The gallery says what is wrong with it.
    return Savings(len(sizes), sum(sent for sent, _ in sizes), sum(plain for _, plain in sizes))
