"""Banks at hand: those that come with the decoder, and those that the user names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from raisr_decoder import bank
from raisr_decoder.bank import Bank
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
        """The bank whose training came closest to this base codec, scale and quality.

        Raises
        ------
        BankMissing, BankError
        """
        fitting = [
            candidate
            for candidate in self._banks.values()
            if candidate.base == base and candidate.scale == scale
        ]
        if not fitting:
            raise BankMissing(base, scale)
        return min(fitting, key=lambda candidate: _distance(candidate.quality, quality))

    @cached_property
    def _banks(self) -> dict[str, Bank]:
        return {loaded.id: loaded for loaded in map(read_bank, self._paths())}

    def _paths(self) -> Iterator[Path]:
        for source in (*self.named, bank.shipped_folder()):
            yield from sorted(source.glob("*.bank")) if source.is_dir() else [source]


def read_bank(path: Path) -> Bank:
    """A bank from its file.

    Raises
    ------
    InputUnreadable, BankError
    """
    return bank.load(read_file(path))


def _distance(quality: tuple[int, int], wanted: int) -> tuple[int, float]:
    lowest, highest = quality
    outside = max(lowest - wanted, 0, wanted - highest)
    return outside, abs((lowest + highest) / 2 - wanted)
