"""What several tests need: random banks, pictures, and samples as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.bank import WEIGHT_BITS, Bank, FilterStage, Hash, ResizeStage
from raisr_decoder.hashing import PATCH, SLOPE_BITS

SAMPLES = Path(__file__).parent.parent / "samples"


def random_stage(rng: np.random.Generator, block: int, counts: tuple[int, int, int]) -> FilterStage:
    """A stage whose filters are noise that obeys every rule of the format."""
    angles, strengths, coherences = counts
    turn = np.arange(1, angles) / angles * np.pi / 2
    slopes = np.rint(np.stack([np.cos(turn), np.sin(turn)], axis=1) * (1 << SLOPE_BITS))
    hashing = Hash(
        slopes.astype(np.int64),
        np.sort(rng.integers(0, 1 << 18, strengths - 1)),
        np.sort(rng.integers(0, 4096, (strengths, coherences - 1)), axis=1),
    )
    buckets, taps, outputs = angles * strengths * coherences, PATCH**2, block**2
    weights = rng.integers(-700, 701, (buckets, outputs, taps))
    weights += weights[:, ::-1, ::-1]
    missing = (1 << WEIGHT_BITS) - weights.sum(axis=2)
    # Half to each of two opposite taps; an odd rest goes to the tap that the symmetry asks for.
    first = np.arange(outputs) < outputs / 2
    weights[:, :, 27] += np.where(first, (missing + 1) // 2, missing // 2)
    weights[:, :, 36] += np.where(first, missing // 2, (missing + 1) // 2)
    return FilterStage(block, hashing, weights.transpose(0, 2, 1).astype(np.int32))


def random_bank(seed: int, block: int | None = 4, stages: int = 1, base: str = "png") -> Bank:
    """A bank of noise; `block` None makes it upsample first."""
    rng = np.random.default_rng(seed)
    counts = (4, 3, 2)
    if block is None:
        later = tuple(random_stage(rng, 2, counts) for _ in range(stages))
        return Bank(base, (0, 100), (ResizeStage(), *later))
    blocks = [block] + [2] * (stages - 1)
    return Bank(base, (0, 100), tuple(random_stage(rng, each, counts) for each in blocks))


def random_plane(seed: int, rows: int, columns: int) -> NDArray[np.uint8]:
    """Flat areas, edges, noise and extremes in one plane."""
    rng = np.random.default_rng(seed)
    plane = rng.integers(0, 256, (rows, columns)).astype(np.uint8)
    plane[: rows // 3] //= 64
    plane[rows // 3 : rows // 2, columns // 2 :] = 255
    plane[-(rows // 4) :, ::2] = 0
    plane[-(rows // 4) :, 1::2] = 255
    return plane


def random_picture(seed: int, rows: int, columns: int) -> NDArray[np.uint8]:
    return np.stack([random_plane(seed + channel, rows, columns) for channel in range(3)], axis=2)
