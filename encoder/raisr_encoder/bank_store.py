"""Banks at hand: those that come with the decoder, and those that the user names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from raisr_decoder.bank import Bank, load, shipped_folder
from raisr_decoder.errors import BankUnknown
from raisr_encoder.errors import BankMissing
from raisr_encoder.files import read_file


@dataclass(frozen=True)
class BankStore:
    """Banks by id and by purpose.

    Attributes
    ----------
    named : tuple of Path
        Bank files, or folders of them, that come before the shipped ones.
    """

    named: tuple[Path, ...] = ()

    def get(self, bank_id: str) -> Bank:
        """The bank of that id.

        Raises
        ------
        BankUnknown, BankError
        """
        try:
            return self._banks[bank_id]
        except KeyError:
            raise BankUnknown(bank_id) from None

    def choose(self, base: str, scale: Fraction, quality: int) -> Bank:
        """The direct bank of this base codec and scale whose quality comes closest.

        Raises
        ------
        BankMissing, BankError
        """
        direct = [bank for bank in self._banks.values() if bank.scale == scale]
        return _closest(direct, base, scale, quality)

    def choose_any(self, base: str, scale: Fraction, quality: int) -> Bank:
        """A direct bank of this very scale if there is one, else one that resizes first.

        Raises
        ------
        BankMissing, BankError
        """
        try:
            return self.choose(base, scale, quality)
        except BankMissing:
            return self.choose_upsample_first(base, scale, quality)

    def choose_upsample_first(self, base: str, scale: Fraction, quality: int) -> Bank:
        """As `choose`, of the banks that resize first: the one trained for the closest scales.

        Raises
        ------
        BankMissing, BankError
        """
        resizing = [bank for bank in self._banks.values() if bank.scale is None]
        return _closest(resizing, base, scale, quality)

    @cached_property
    def _banks(self) -> dict[str, Bank]:
        return {loaded.id: loaded for loaded in map(read_bank, self._paths())}

    def _paths(self) -> Iterator[Path]:
        for source in (*self.named, shipped_folder()):
            yield from sorted(source.glob("*.bank")) if source.is_dir() else [source]


def read_bank(path: Path) -> Bank:
    """A bank from its file.

    Raises
    ------
    InputUnreadable, BankError
    """
    return load(read_file(path))


def _closest(banks: list[Bank], base: str, scale: Fraction, quality: int) -> Bank:
    fitting = [bank for bank in banks if bank.base == base]
    if not fitting:
        raise BankMissing(base, scale)
    wanted = Fraction(quality)

    def distance(bank: Bank) -> tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction]]:
        lowest, highest = map(Fraction, bank.quality)
        return _distance(bank.trained_scales, scale), _distance((lowest, highest), wanted)

    return min(fitting, key=distance)


def _distance(trained: tuple[Fraction, Fraction], wanted: Fraction) -> tuple[Fraction, Fraction]:
    """How far beyond a range, and then how far from its middle."""
    lowest, highest = trained
    outside = max(lowest - wanted, wanted - highest, Fraction(0))
    return outside, abs(lowest + highest - 2 * wanted)
