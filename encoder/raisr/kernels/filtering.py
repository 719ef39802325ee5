"""Plane + filter stage -> plane, as `raisr_decoder.filtering` computes it.

A row of cells is hashed and filtered in one go, so that its features stay in the cache.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from raisr.kernels.hashing import hash_row
from raisr.kernels.jit import compiled
from raisr.kernels.simd import filter_cell
from raisr_decoder.cells import CELL, MARGIN, pad
from raisr_decoder.compiled import SCRATCH_LINES, signed
from raisr_decoder.filters import FilterStage


def filter_cells(padded: NDArray[np.uint8], stage: FilterStage) -> NDArray[np.int16]:
    """See `raisr_decoder.filtering.filter_cells`."""
    rows, columns = (size // CELL - MARGIN for size in padded.shape)
    result = np.empty((rows * stage.block, columns * stage.block), np.int16)
    filter_rows(
        padded,
        signed(padded),
        stage.tree.feature,
        stage.tree.threshold,
        stage.paired,
        np.empty((SCRATCH_LINES, padded.shape[1]), np.int32),
        result,
        (0,) * stage.block,
    )
    return result


def filter_plane(plane: NDArray[np.uint8], stage: FilterStage) -> NDArray[np.int16]:
    """Filter all cells of a plane.

    Parameters
    ----------
    plane : ndarray of shape (M, N), uint8
    stage : FilterStage

    Returns
    -------
    ndarray of shape (q * ceil(M / 2), q * ceil(N / 2)), int16
        Within 0..255, with `FRACTION_BITS` fraction bits.
    """
    return filter_cells(pad(plane), stage)


@compiled
def filter_rows(
    padded: NDArray[np.uint8],
    pixels: NDArray[np.int16],
    feature: NDArray[np.int32],
    threshold: NDArray[np.int32],
    filters: NDArray[np.int16],
    scratch: NDArray[np.int32],
    result: NDArray[np.int16],
    block: tuple[int, ...],
) -> None:
    """All rows of cells; `len(block)` is q, which the compiler must know."""
    size, leaves = len(block), len(feature) + 1
    columns = result.shape[1] // size
    bucket = scratch[SCRATCH_LINES - 2, :columns]
    orientation = scratch[SCRATCH_LINES - 1, :columns]
    for row in range(result.shape[0] // size):
        hash_row(padded, row, feature, threshold, scratch, bucket, orientation)
        for column in range(columns):
            number = orientation[column] * leaves + bucket[column]
            patch = CELL * (row * padded.shape[1] + column)
            corner = size * (row * result.shape[1] + column)
            filter_cell(  # type: ignore[call-arg]
                pixels,
                patch,
                padded.shape[1],
                filters,
                number,
                result,
                corner,
                result.shape[1],
                block,
            )
