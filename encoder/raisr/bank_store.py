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

ADJOINING = 4
"""How many qualities beyond its range a bank may still beat the one that was trained there."""


@dataclass(frozen=True)
class BankStore:
    """Banks by id and by purpose.

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
        """Without the banks that are loaded, many megabytes: other processes read their own."""
        return {"named": self.named}

    @property
    def ids(self) -> list[str]:
        """The ids of all banks at hand.

        Raises
        ------
        BankError
        """
        return sorted(self._banks)

    def get(self, bank_id: str) -> Bank:
        """The bank of that id.

        Raises
        ------
        BankUnknown, BankError
        """
        # Reading all banks takes a quarter of a second: read this one alone.
        named = self._named.get(bank_id)
        return named or load(read_file(shipped_path(bank_id), MAX_BANK_BYTES + 1), bank_id)

    def choose(self, base: str, scale: Fraction, quality: float) -> Bank:
        """The direct bank of this base codec and scale whose quality comes closest.

        One that the user named comes before a shipped one.

        Raises
        ------
        BankMissing, BankError
        """
        return _closest(self._serving(base, scale), base, scale, quality)

    def candidates(self, base: str, scale: Fraction, quality: float) -> list[Bank]:
        """The direct banks to try: where ranges of quality adjoin, the neighbour may serve better.

        Those that the user named come alone where there are any; none if no bank serves this scale.
        """
        direct = self._serving(base, scale)
        nearest = min((_outside(bank, quality) for bank in direct), default=0)
        return [bank for bank in direct if _outside(bank, quality) <= nearest + ADJOINING]

    def scales(self, base: str) -> list[Fraction]:
        """The scales that direct banks of a base codec serve, rising."""
        found = {bank.scale for bank in self._banks.values() if bank.base == base and bank.scale}
        return sorted(found)

    def choose_any(self, base: str, scale: Fraction, quality: float) -> Bank:
        """A direct bank of this very scale if there is one, else one that resizes first.

        Any that the user named comes before a shipped one.

        Raises
        ------
        BankMissing, BankError
        """
        for banks in self._preferred:
            fitting = _fitting(banks, base, scale) or _fitting(banks, base, None)
            if fitting:
                return _closest(fitting, base, scale, quality)
        raise BankMissing(base, scale)

    def choose_upsample_first(self, base: str, scale: Fraction, quality: float) -> Bank:
        """As `choose`, of the banks that resize first: the one trained for the closest scales.

        Raises
        ------
        BankMissing, BankError
        """
        return _closest(self._serving(base, None), base, scale, quality)

    def _serving(self, base: str, scale: Fraction | None) -> list[Bank]:
        """The banks of a base codec and scale, None if they resize; only named ones if any are."""
        found = (_fitting(banks, base, scale) for banks in self._preferred)
        return next((banks for banks in found if banks), [])

    @property
    def _preferred(self) -> tuple[dict[str, Bank], dict[str, Bank]]:
        """The named banks, then all."""
        return self._named, self._banks

    @cached_property
    def _banks(self) -> dict[str, Bank]:
        return self._named | _read_banks([shipped_folder()])

    @cached_property
    def _named(self) -> dict[str, Bank]:
        return _read_banks(self.named)


def _read_banks(sources: Iterable[Path]) -> dict[str, Bank]:
    """Banks by id, from files and folders."""
    paths: list[Path] = []
    for source in sources:
        paths += sorted(source.glob("*.bank")) if source.is_dir() else [source]
    return {loaded.id: loaded for loaded in map(read_bank, paths)}


def read_bank(path: Path) -> Bank:
    """A bank from its file.

    Raises
    ------
    InputUnreadable, BankError
    """
    return load(read_file(path, MAX_BANK_BYTES + 1))


def _fitting(banks: dict[str, Bank], base: str, scale: Fraction | None) -> list[Bank]:
    return [each for each in banks.values() if (each.base, each.scale) == (base, scale)]


def _closest(banks: list[Bank], base: str, scale: Fraction, quality: float) -> Bank:
    if not banks:
        raise BankMissing(base, scale)
    wanted = Fraction(quality)

    def distance(bank: Bank) -> tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction]]:
        lowest, highest = map(Fraction, bank.quality)
        return _distance(bank.trained_scales, scale), _distance((lowest, highest), wanted)

    return min(banks, key=distance)


def _outside(bank: Bank, quality: float) -> float:
    """How far a quality is beyond the range of a bank."""
    return max(bank.quality[0] - quality, quality - bank.quality[1], 0)


def _distance(trained: tuple[Fraction, Fraction], wanted: Fraction) -> tuple[Fraction, Fraction]:
    """How far beyond a range, and then how far from its middle."""
    lowest, highest = trained
    outside = max(lowest - wanted, wanted - highest, Fraction(0))
    return outside, abs(lowest + highest - 2 * wanted)
