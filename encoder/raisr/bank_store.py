"""Banks at hand: those that come with the decoder, and those that the user names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from raisr.errors import BankMissing
from raisr.files import read_file
from raisr_decoder.bank import Bank, load, shipped_folder, shipped_path
from raisr_decoder.limits import MAX_BANK_BYTES


@dataclass(frozen=True)
class BankStore:
    """Banks by id, and by base codec and scale.

    Attributes
    ----------
    named : tuple of Path
        Bank files, or folders of them, that come before the shipped ones.
    """

    named: tuple[Path, ...] = ()

    @classmethod
    def of(cls, named: Iterable[str | Path]) -> BankStore:
        """A store whose named banks are files or folders of any kind of path."""
        return cls(tuple(map(Path, named)))

    def __getstate__(self) -> dict[str, object]:
        """Without the banks that are loaded: other processes read their own."""
        return {"named": self.named}

    @property
    def ids(self) -> list[str]:
        """The ids of all banks at hand.

        Raises
        ------
        BankError
        """
        return sorted({bank.id for bank in self._banks})

    def get(self, bank_id: str) -> Bank:
        """The bank of that id.

        Raises
        ------
        BankUnknown, BankError
        """
        named = next((bank for bank in self._named if bank.id == bank_id), None)
        return named or load(read_file(shipped_path(bank_id), MAX_BANK_BYTES + 1), bank_id)

    def scales(self, base: str) -> list[Fraction]:
        """The scales that direct banks of a base codec serve, rising.

        Raises
        ------
        BankError
        """
        return sorted({bank.scale for bank in self._banks if bank.base == base and bank.scale})

    def direct(self, base: str, scale: Fraction) -> Bank | None:
        """The direct bank of a base codec and scale; None if there is none.

        Raises
        ------
        BankError
        """
        return _direct(self._banks, base, scale)

    def resizing(self, base: str, scale: Fraction) -> Bank:
        """Of the banks that resize first, the one that was trained for the closest scales.

        Raises
        ------
        BankMissing, BankError
        """
        found = _resizing(self._named, base, scale) or _resizing(self._banks, base, scale)
        if found is None:
            raise BankMissing(base, scale)
        return found

    def closest(self, base: str, scale: Fraction) -> Bank:
        """The direct bank of this very scale if there is one, else one that resizes first.

        Either kind that the user named comes before a shipped one.

        Raises
        ------
        BankMissing, BankError
        """
        named = _direct(self._named, base, scale) or _resizing(self._named, base, scale)
        return named or self.direct(base, scale) or self.resizing(base, scale)

    @cached_property
    def _banks(self) -> list[Bank]:
        """Those that come before others first."""
        return [*self._named, *_read_banks([shipped_folder()])]

    @cached_property
    def _named(self) -> list[Bank]:
        return _read_banks(self.named)


def read_bank(path: Path) -> Bank:
    """A bank from its file.

    Raises
    ------
    InputUnreadable, BankError
    """
    return load(read_file(path, MAX_BANK_BYTES + 1))


def _read_banks(sources: Iterable[Path]) -> list[Bank]:
    paths: list[Path] = []
    for source in sources:
        paths += sorted(source.glob("*.bank")) if source.is_dir() else [source]
    return list(map(read_bank, paths))


def _direct(banks: list[Bank], base: str, scale: Fraction) -> Bank | None:
    return next((bank for bank in banks if (bank.base, bank.scale) == (base, scale)), None)


def _resizing(banks: list[Bank], base: str, scale: Fraction) -> Bank | None:
    def distance(bank: Bank) -> tuple[Fraction, Fraction]:
        """How far beyond the trained scales, and then how far from their middle."""
        lowest, highest = bank.trained_scales
        return max(lowest - scale, scale - highest, Fraction(0)), abs(lowest + highest - 2 * scale)

    fitting = [bank for bank in banks if bank.base == base and bank.scale is None]
    return min(fitting, key=distance, default=None)
