"""The checkpoint directory: what the tasks of a training have made, kept until it is done."""

from __future__ import annotations

import fcntl
import io
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from raisr.errors import (
    CheckpointDamaged,
    CheckpointsInUse,
    CheckpointsNotShared,
    CheckpointsUnwritable,
)

CHECKSUM = 16
"""Bytes before the content of an item, by which a damaged one is found out."""

MARKER = "in-use"
"""File that a running training locks."""


@dataclass(frozen=True)
class CheckpointDirectory:
    """Named items of arrays, each in a file; a damaged one counts as missing.

    Several processes may make the same item: the last one that finishes wins, with equal bytes.

    Attributes
    ----------
    path : Path
        Absolute, and the same for all workers.
    """

    path: Path

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Make the directory, and lock it for one training alone.

        Raises
        ------
        CheckpointsInUse, CheckpointsUnwritable
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            marker = (self.path / MARKER).open("w")
        except OSError as error:
            raise CheckpointsUnwritable(self.path, error.strerror or str(error)) from error
        with marker:
            try:
                fcntl.flock(marker, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise CheckpointsInUse(self.path) from error
            except OSError:
                pass  # Some network storage cannot lock; two trainings then only do the same twice.
            yield

    def check(self) -> None:
        """Make sure that this machine sees the directory.

        Raises
        ------
        CheckpointsNotShared
        """
        if not (self.path / MARKER).exists():
            raise CheckpointsNotShared(self.path, socket.gethostname())

    def holds(self, name: str) -> bool:
        """Whether an item is there, whole or not."""
        return (self.path / name).exists()

    def store(self, name: str, **arrays: ArrayLike) -> None:
        """Write an item.

        Raises
        ------
        CheckpointsUnwritable
        """
        stream = io.BytesIO()
        np.savez(stream, allow_pickle=False, **arrays)
        data = stream.getvalue()
        unfinished = self.path / f"{name}.{secrets.token_hex(4)}"
        try:
            unfinished.write_bytes(_checksum(data) + data)
            unfinished.replace(self.path / name)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise CheckpointsUnwritable(self.path, error.strerror or str(error)) from error

    def load(self, name: str) -> dict[str, NDArray[np.generic]] | None:
        """An item's arrays; None where it is missing or damaged."""
        try:
            stored = (self.path / name).read_bytes()
        except OSError:
            return None
        data = stored[CHECKSUM:]
        if stored[:CHECKSUM] != _checksum(data):
            return None
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return dict(arrays)

    def demand(self, name: str) -> dict[str, NDArray[np.generic]]:
        """The arrays of an item that this training has made.

        Raises
        ------
        CheckpointDamaged
        """
        arrays = self.load(name)
        if arrays is None:
            raise CheckpointDamaged(self.path / name)
        return arrays

    def drop(self, pattern: str) -> None:
        """Remove the items whose names match a pattern."""
        for path in self.path.glob(pattern):
            path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the directory and all its items."""
        shutil.rmtree(self.path, ignore_errors=True)


def _checksum(data: bytes) -> bytes:
    return blake2b(data, digest_size=CHECKSUM).digest()
