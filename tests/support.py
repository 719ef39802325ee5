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
from raisr_decoder.bank import Bank, load
from raisr_decoder.cells import PATCH, pad
from raisr_decoder.engine import Engine
from raisr_decoder.features import FEATURES, cell_features
from raisr_decoder.filters import MAX_SHIFT, WEIGHT_BITS, LowRankStage, ResizeStage
from raisr_decoder.limits import MAX_GAIN
from raisr_decoder.metadata import parse
from raisr_decoder.pipeline import NO_FILTERS, restore
from raisr_decoder.tree import Tree

SAMPLES = Path(__file__).parent.parent / "samples"
VECTORS = Path(__file__).parent / "vectors"


# --- banks and images -------------------------------------------------------------------------


def random_stage(
    rng: np.random.Generator,
    block: int,
    depth: int,
    plane: NDArray[np.uint8] | None = None,
    rank: int = 3,
    slopes: bool = True,
) -> LowRankStage:
    """A stage whose tree and filters are noise that obeys every rule of the format.

    Its thresholds are features of `plane`, by default of a random one; without `slopes` filters
    do not depend on the coding noise.
    """
    if plane is None:
        plane = random_plane(int(rng.integers(1000)), 64, 64)
    features = cell_features(pad(plane))[0].reshape(len(FEATURES), -1)
    nodes, leaves, taps, outputs = (1 << depth) - 1, 1 << depth, PATCH**2, block**2
    feature = rng.integers(0, len(FEATURES), nodes)
    threshold = features[feature, rng.integers(0, features.shape[1], nodes)]
    mean = rng.integers(-80, 81, (taps, outputs))
    mean[27] += (1 << WEIGHT_BITS) - mean.sum(axis=0)
    half = rng.integers(-127, 128, (rank, taps // 2, outputs))
    basis = rng.permuted(np.concatenate([half, -half], axis=1), axis=1)
    shift = rng.integers(0, MAX_SHIFT + 1, rank)
    # So that each basis filter counts once at most.
    constant, slope = rng.integers(-(1 << shift), 1 << shift, (2, leaves, rank))
    return LowRankStage(
        block,
        Tree(feature.astype(np.int32), threshold.astype(np.int32)),
        mean.astype(np.int16),
        basis.astype(np.int8),
        shift.astype(np.uint8),
        constant.astype(np.int8),
        slope.astype(np.int8) * slopes,
    )


def loud(rng: np.random.Generator, stage: LowRankStage) -> LowRankStage:
    """The stage with another mean filter, whose gain is the greatest that the format allows.

    Some filters exceed that, so that the mean filter takes their place.
    """
    one, taps = 1 << WEIGHT_BITS, PATCH**2
    shares = np.full(taps // 2, 2 / taps)
    outputs = stage.block**2
    plus = rng.multinomial((MAX_GAIN + 1) * one // 2, shares, outputs)
    minus = rng.multinomial((MAX_GAIN - 1) * one // 2, shares, outputs)
    mean = rng.permuted(np.concatenate([plus, -minus], axis=1), axis=1)
    return replace(stage, mean=mean.T.astype(np.int16))


def random_bank(
    seed: int,
    block: int | None = 4,
    stages: int = 1,
    base: str = "png",
    depth: int = 4,
    plane: NDArray[np.uint8] | None = None,
    noise: tuple[tuple[int, int], ...] = ((10, 50), (40, 0), (90, -60)),
) -> Bank:
    """A bank of noise; `block` None makes it upsample first, before `stages` filter stages.

    The first filter stage has its thresholds from `plane`, as `random_stage` takes it. `noise` is
    the coding noise at some qualities; filters depend on the quality if there are several.
    """
    rng = np.random.default_rng(seed)
    slopes = len(noise) > 1
    first = random_stage(rng, 2 if block is None else block, depth, plane, slopes=slopes)
    later = [random_stage(rng, 2, depth, slopes=slopes) for _ in range(stages - 1)]
    upsample = (ResizeStage(),) if block is None else ()
    return Bank(base, noise, (*upsample, first, *later))


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
    filters = NO_FILTERS
    if vector.bank is not None:
        filters = load(vector.bank, metadata.bank).filters(metadata.quality)
    alpha = metadata.alpha and parse_alpha(metadata.alpha, vector.base.shape[:2])
    return restore(vector.base, filters, metadata.shape, alpha, engine)


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
