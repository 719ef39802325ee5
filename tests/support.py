"""What several tests need: random banks and images, samples, conformance vectors, evidence."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from raisr_decoder.alpha import parse_alpha
from raisr_decoder.bank import WEIGHT_BITS, Bank, FilterStage, ResizeStage, load
from raisr_decoder.cells import PATCH, pad
from raisr_decoder.engine import Engine
from raisr_decoder.features import FEATURES, cell_features
from raisr_decoder.limits import MAX_GAIN
from raisr_decoder.metadata import parse
from raisr_decoder.pipeline import NO_FILTERS, restore
from raisr_decoder.tree import Tree

SAMPLES = Path(__file__).parent.parent / "samples"
VECTORS = Path(__file__).parent / "vectors"


# --- banks and images -------------------------------------------------------------------------


def random_stage(
    rng: np.random.Generator, block: int, depth: int, plane: NDArray[np.uint8] | None = None
) -> FilterStage:
    """A stage whose tree and filters are noise that obeys every rule of the format.

    Its thresholds are features of `plane`, by default of a random one.
    """
    if plane is None:
        plane = random_plane(int(rng.integers(1000)), 64, 64)
    features = cell_features(pad(plane))[0].reshape(len(FEATURES), -1)
    feature = rng.integers(0, len(FEATURES), (1 << depth) - 1).astype(np.int32)
    cell = rng.integers(0, features.shape[1], feature.size)
    leaves, taps, outputs = 1 << depth, PATCH**2, block**2
    weights = rng.integers(-80, 81, (leaves, taps, outputs)).astype(np.int32)
    weights[:, 27] += (1 << WEIGHT_BITS) - weights.sum(axis=1)
    return FilterStage(block, Tree(feature, features[feature, cell]), weights)


def loud(rng: np.random.Generator, stage: FilterStage) -> FilterStage:
    """The stage with other filters, whose gain is the greatest that the format allows."""
    one, taps = 1 << WEIGHT_BITS, PATCH**2
    shares = np.full(taps // 2, 2 / taps)
    filters = stage.weights.shape[0], stage.weights.shape[2]
    plus = rng.multinomial((MAX_GAIN + 1) * one // 2, shares, filters)
    minus = rng.multinomial((MAX_GAIN - 1) * one // 2, shares, filters)
    weights = rng.permuted(np.concatenate([plus, -minus], axis=2), axis=2)
    return replace(stage, weights=weights.transpose(0, 2, 1).astype(np.int32))


def random_bank(
    seed: int,
    block: int | None = 4,
    stages: int = 1,
    base: str = "png",
    depth: int = 4,
    plane: NDArray[np.uint8] | None = None,
) -> Bank:
    """A bank of noise; `block` None makes it upsample first, before `stages` filter stages.

    The first filter stage has its thresholds from `plane`, as `random_stage` takes it.
    """
    rng = np.random.default_rng(seed)
    first = random_stage(rng, 2 if block is None else block, depth, plane)
    later = [random_stage(rng, 2, depth) for _ in range(stages - 1)]
    upsample = (ResizeStage(),) if block is None else ()
    return Bank(base, (0, 100), (*upsample, first, *later))


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


# --- conformance vectors ----------------------------------------------------------------------


@dataclass(frozen=True)
class Vector:
    """What a decoder is given, and the only right output image.

    Attributes
    ----------
    name : str
    payload : bytes
    bank : bytes or None
        Bank file that the metadata names.
    base : ndarray of shape (M, N, 3), uint8
        The base image's pixels, so that nothing depends on a decoder of JPEG, WebP or AVIF.
    expected : ndarray of shape (R, C, 3), or (R, C, 4) with straight alpha, uint8
    """

    name: str
    payload: bytes
    bank: bytes | None
    base: NDArray[np.uint8]
    expected: NDArray[np.uint8]


def read_vectors() -> list[Vector]:
    """The vectors that `vectors.json` lists."""
    return [
        Vector(
            entry["name"],
            (VECTORS / entry["payload"]).read_bytes(),
            entry["bank"] and (VECTORS / entry["bank"]).read_bytes(),
            read_pixels(VECTORS / entry["base"]),
            read_pixels(VECTORS / entry["expected"]),
        )
        for entry in json.loads((VECTORS / "vectors.json").read_text())
    ]


def decode(vector: Vector, engine: Engine) -> NDArray[np.uint8]:
    """The output image of a vector."""
    metadata = parse(vector.payload)
    bank = NO_FILTERS if vector.bank is None else load(vector.bank, metadata.bank)
    alpha = metadata.alpha and parse_alpha(metadata.alpha, vector.base.shape[:2])
    return restore(vector.base, bank, metadata.shape, alpha, engine)


def read_pixels(png: Path) -> NDArray[np.uint8]:
    """The samples of a PNG file as they are, without colour management."""
    with Image.open(png) as image:
        return np.asarray(image)


def write_pixels(png: Path, samples: NDArray[np.uint8]) -> None:
    """Samples of shape (M, N), (M, N, 3) or (M, N, 4) as a PNG file."""
    Image.fromarray(samples).save(png, optimize=True)


# --- evidence ---------------------------------------------------------------------------------


def assert_same_pixels(
    actual: NDArray[np.uint8], expected: NDArray[np.uint8], evidence: Path, what: str
) -> None:
    """Compare two images; where they differ, write both and their difference to files.

    The difference is 16 times the largest one of a pixel's channels.
    """
    assert actual.shape == expected.shape
    difference = np.abs(actual.astype(int) - expected).max(axis=-1)
    if not difference.any():
        return
    visible = np.minimum(255, difference * 16).astype(np.uint8)
    for name, image in {"actual": actual, "expected": expected, "difference": visible}.items():
        write_pixels(evidence / f"{name}.png", image)
    count = np.count_nonzero(difference)
    pytest.fail(f"{what}: {count} pixels differ, by up to {difference.max()}; see {evidence}")
