"""What several tests need: random banks, pictures, and samples as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.bank import WEIGHT_BITS, Bank, FilterStage, ResizeStage
from raisr_decoder.hashing import FEATURES, PATCH, Tree, cell_features, pad

SAMPLES = Path(__file__).parent.parent / "samples"


def random_stage(rng: np.random.Generator, block: int, depth: int) -> FilterStage:
    """A stage whose tree and filters are noise that obeys every rule of the format."""
    plane = random_plane(int(rng.integers(1000)), 64, 64)
    features = cell_features(pad(plane))[0].reshape(len(FEATURES), -1)
    feature = rng.integers(0, len(FEATURES), (1 << depth) - 1).astype(np.int32)
    cell = rng.integers(0, features.shape[1], feature.size)
    leaves, taps, outputs = 1 << depth, PATCH**2, block**2
    weights = rng.integers(-80, 81, (leaves, taps, outputs)).astype(np.int32)
    weights[:, 27] += (1 << WEIGHT_BITS) - weights.sum(axis=1)
    return FilterStage(block, Tree(feature, features[feature, cell]), weights)


def random_bank(seed: int, block: int | None = 4, stages: int = 1, base: str = "png") -> Bank:
    """A bank of noise; `block` None makes it upsample first."""
    rng = np.random.default_rng(seed)
    if block is None:
        later = tuple(random_stage(rng, 2, 4) for _ in range(stages))
        return Bank(base, (0, 100), (ResizeStage(), *later))
    blocks = [block] + [2] * (stages - 1)
    return Bank(base, (0, 100), tuple(random_stage(rng, each, 4) for each in blocks))


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
