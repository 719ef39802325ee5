"""What a visitor saves with small pictures, beside what Python costs once."""

from dataclasses import dataclass
from math import ceil

from raisr_decoder.errors import RaisrError
from raisr_web.errors import Busy, CacheUnwritable
from raisr_web.photos import Photos

MAX_MEASURED = 4
"""Pictures of a folder: each takes seconds, once."""


@dataclass(frozen=True)
class Savings:
    """Bytes of some pictures of a folder.

    Attributes
    ----------
    pictures : int
        How many were measured.
    sent : int
        Bytes of their payloads.
    plain : int
        Bytes of plain JPEGs that look as good, by SSIMULACRA2.
    """

    pictures: int
    sent: int
    plain: int

    def pictures_that_pay(self, download: int) -> int | None:
        """How many such pictures save as many bytes as are downloaded once; None if none do."""
        saved = self.plain - self.sent
        return ceil(download * self.pictures / saved) if saved > 0 else None


def measure(photos: Photos) -> Savings:
    """Measure the first pictures of a folder whose photographs are at hand.

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
