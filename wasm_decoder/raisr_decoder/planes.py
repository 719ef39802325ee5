"""Planes whose rows are computed on demand, so that no stage holds a whole large plane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, int]


@dataclass(frozen=True)
class Plane:
    """One channel of an image, or several side by side.

    Attributes
    ----------
    shape : (int, int)
        Rows and columns.
    rows : callable
        ``rows(first, last)`` computes the rows from `first` to before `last`: an array of shape
        ``(last - first, columns)``, or ``(last - first, channels, columns)``.
    """

    shape: Shape
    rows: Callable[[int, int], NDArray[Any]]

    def whole(self) -> NDArray[Any]:
        """All rows."""
        return self.rows(0, self.shape[0])

    def rows_and_beyond(self, first: int, last: int) -> NDArray[Any]:
        """Rows of which some may lie outside the plane: there its edge is repeated."""
        top, bottom = max(first, 0), min(last, self.shape[0])
        inside = self.rows(top, bottom)
        beyond = [(top - first, last - bottom)] + [(0, 0)] * (inside.ndim - 1)
        return np.pad(inside, beyond, "edge")


def plane_of(samples: NDArray[Any]) -> Plane:
    """The plane of an array of shape (M, N)."""
    rows, columns = samples.shape
    return Plane((rows, columns), lambda first, last: samples[first:last])
