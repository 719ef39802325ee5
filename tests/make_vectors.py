"""Make the conformance vectors again: `python tests/make_vectors.py`.

To be run by hand after the format has changed; tests only read what it wrote. The right pixels
come from the slow decoder in `reference.py`, so a vector shows how the other implementations
differ from the format, never how they differ from themselves.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import reference
from raisr.codecs import base_codec
from raisr_decoder.alpha import composite_on_white, pack_alpha
from raisr_decoder.bank import Bank, load, save
from raisr_decoder.cells import PATCH, pad
from raisr_decoder.color import luma
from raisr_decoder.features import FEATURES, cell_features
from raisr_decoder.filters import BlendStage, LowRankStage, ResizeStage
from raisr_decoder.limits import MAX_NOISE, MAX_RANK, MAX_STAGES
from raisr_decoder.metadata import Metadata, pack
from raisr_decoder.tree import Tree
from support import SAMPLES, VECTORS, loud, random_bank, random_stage, write_pixels

Pixels = NDArray[np.uint8]

SUFFIXES = {codec: base_codec(codec).suffix for codec in ("jpeg", "png", "webp", "avif")}
QUALITY = 70
KNOTS = ((30, 5), (50, -32), (90, MAX_NOISE))
BELOW, AT, HALF_WAY, BEYOND = 0, 30, 40, 100
"""Qualities before, at, between and behind the knots; half-way the noise is -13.5."""


# --- banks ------------------------------------------------------------------------------------


def bank_of(seed: int, block: int | None, depth: int, stages: int = 1) -> Bank:
    """Noise, with a tree that sends the cells of photographs to different buckets."""
    return random_bank(seed, block, stages, depth=depth, plane=photographs(), noise=KNOTS)


def bank_of_one_knot(seed: int, block: int, depth: int) -> Bank:
    """Noise that is the same for every quality."""
    rng = np.random.default_rng(seed)
    stage = random_stage(rng, block, depth, photographs(), rank=1, slopes=False)
    return Bank("png", ((50, -7),), (stage,))


def varied_bank(seed: int) -> Bank:
    """As many stages as there may be, of several ranks, 0 among them, and depths."""
    rng = np.random.default_rng(seed)
    sizes = [(number % 3, number % 2) for number in range(MAX_STAGES)]
    stages = (random_stage(rng, 2, depth, photographs(), rank) for rank, depth in sizes)
    return Bank("png", KNOTS, tuple(stages))


def wide_bank(seed: int) -> Bank:
    """Coefficients at their limits: sums exceed 32 bits, and the precision of float32.

    In every second bucket the large ones cancel out. In the others they make the filters too loud,
    by multiples of 2**32 where the coding noise is greatest; there the mean filter is right.
    """
    rng = np.random.default_rng(seed)
    stage = random_stage(rng, 2, 2, photographs(), MAX_RANK)
    large = rng.permuted(np.tile([-128, 64, 64, 0], (4, PATCH**2 // 4)), axis=1).T
    basis, shift = stage.basis.copy(), stage.shift.copy()
    constant, slope = stage.constant.copy(), stage.slope.copy()
    # Those between the large ones need all bits that a sum has.
    first, last = slice(0, 30), slice(34, 64)
    for part, even, odd in ((first, 127, -128), (last, -127, 0)):
        basis[part], shift[part] = large, 0
        constant[::2, part], slope[::2, part] = even, even
        constant[1::2, part], slope[1::2, part] = odd, odd
    constant[1::2, last.start : last.start + 2] = slope[1::2, last.start : last.start + 2] = -128
    stage = replace(stage, basis=basis, shift=shift, constant=constant, slope=slope)
    return Bank("png", KNOTS, (stage,))


def loud_bank(seed: int, block: int, depth: int, stages: int = 1) -> Bank:
    """Noise at the greatest gain that the format allows: nearly every sum is clipped."""
    rng = np.random.default_rng(seed)
    bank = bank_of(seed, block, depth, stages)
    noisy = (loud(rng, stage) for stage in bank.stages if isinstance(stage, LowRankStage))
    return replace(bank, stages=tuple(map(brimming, noisy)))


def brimming(stage: LowRankStage) -> LowRankStage:
    """A loud stage where the filters of every second bucket differ, but not in their gain."""
    basis, constant, slope = stage.basis.copy(), stage.constant.copy(), stage.slope.copy()
    basis[0] = 0
    np.put_along_axis(basis[0], stage.mean.argsort(axis=0)[-2:], np.int8([[60], [-60]]), axis=0)
    constant[::2, 1:] = slope[::2, 1:] = 0
    return replace(stage, basis=basis, constant=constant, slope=slope)


def close_bank(seed: int, base: Pixels) -> Bank:
    """Noise, with a tree of ratios that some cells of this base image meet exactly."""
    rng = np.random.default_rng(seed)
    stage = random_stage(rng, 2, 5)
    features = cell_features(pad(luma(base)))[0].reshape(len(FEATURES), -1)
    names = ("coherence", "angle", "offset")
    feature = rng.choice([FEATURES.index(name) for name in names], stage.tree.feature.size)
    threshold = features[feature, rng.integers(0, features.shape[1], feature.size)]
    tree = Tree(feature.astype(np.int32), threshold)
    return Bank("png", KNOTS, (replace(stage, tree=tree),))


# --- images -----------------------------------------------------------------------------------


def photographs() -> Pixels:
    """Luma of a piece of each sample."""
    pieces = [crop(path.stem, 40, 40) for path in sorted(SAMPLES.glob("*.jpg"))]
    return luma(np.concatenate(pieces))


def crop(name: str, rows: int, columns: int, step: int = 5) -> Pixels:
    """A piece of a sample, of every `step`-th pixel: real colours and lively edges."""
    with Image.open(SAMPLES / f"{name}.jpg") as image:
        photo = np.asarray(image.convert("RGB"))
    top, left = (photo.shape[0] - rows * step) // 2, (photo.shape[1] - columns * step) // 2
    return photo[top : top + rows * step : step, left : left + columns * step : step]


def checkerboards(rows: int, columns: int) -> Pixels:
    """Extremes: squares of 1, 2, 3 and 5 pixels, of black and white, blue and yellow, and so on."""
    row, column = np.mgrid[:rows, :columns]
    return np.stack(
        [(((row // size + column // size) & 1) * 255) for size in (3, 5, 2)], axis=2
    ).astype(np.uint8) ^ np.where(column[..., None] < columns // 2, 0, [0, 0, 255]).astype(np.uint8)


def blue_and_yellow(rows: int, columns: int) -> Pixels:
    """The colours whose channels lie farthest from their luma."""
    squares = np.random.default_rng(1).integers(0, 2, (rows // 2, columns // 2))
    colors = np.array([[0, 0, 255], [255, 255, 0]], np.uint8)
    return colors[np.kron(squares, np.ones((2, 2), int))]


def halves(rows: int, columns: int) -> Pixels:
    """Random colours; the luma of every second one lies half-way between two integers."""
    count = rows * columns
    rgb = np.random.default_rng(2).integers(0, 256, (200 * count, 3))
    half_way = rgb[rgb @ np.array([77, 150, 29]) % 256 == 128]
    rgb[:count:2] = half_way[: (count + 1) // 2]
    return rgb[:count].reshape(rows, columns, 3).astype(np.uint8)


def opacity(rows: int, columns: int) -> Pixels:
    """Alpha with clear, opaque and half-clear places, soft and hard borders."""
    row, column = np.mgrid[:rows, :columns]
    ramp = np.clip(40 * column - 20 * row, 0, 255)
    return np.where((row % 7 == 3) & (column % 5 < 2), 255 - ramp, ramp).astype(np.uint8)


# --- vectors ----------------------------------------------------------------------------------


class Writer:
    """Collects what `vectors.json` lists, and what the vectors exercise."""

    def __init__(self) -> None:
        self.entries: list[dict[str, str | None]] = []
        self.buckets: Counter[tuple[str, int]] = Counter()
        self.orientations: Counter[tuple[bool, bool, bool]] = Counter()
        self.replaced: Counter[bool] = Counter()

    def add(
        self,
        name: str,
        container: str,
        base: Pixels,
        bank: Bank | None,
        shape: tuple[int, int],
        alpha: Pixels | None = None,
        quality: int = QUALITY,
        psnr: float | None = None,
        score: float | None = None,
    ) -> None:
        """A vector of a base image that is still to be compressed; shape (M, N) makes it gray."""
        if alpha is not None:
            base = composite_on_white(base, alpha)
        if base.ndim == 2:
            file = gray_file(base, container, quality)
        else:
            file = base_codec(container).encode(base, quality)
        metadata = Metadata(
            shape[1],
            shape[0],
            quality,
            None if bank is None else bank.id,
            psnr,
            score,
            alpha=None if alpha is None else pack_alpha(alpha),
        )
        self._add_payload(name, container, pack(file, metadata), bank)

    def _add_payload(self, name: str, container: str, payload: bytes, bank: Bank | None) -> None:
        with Image.open(io.BytesIO(payload)) as image:
            is_base = image.format == "PNG" and image.mode == "RGB"
            base = np.asarray(image.convert("RGB"))
        entry: dict[str, str | None] = {
            "name": name,
            "payload": f"{name}{SUFFIXES[container]}",
            "bank": None if bank is None else f"banks/{bank.id}.bank",
            "base": f"{name}{SUFFIXES[container]}" if is_base else f"{name}.base.png",
            "expected": f"{name}.expected.png",
        }
        (VECTORS / str(entry["payload"])).write_bytes(payload)
        if bank is not None:
            (VECTORS / "banks" / f"{bank.id}.bank").write_bytes(save(bank))
        if not is_base:
            write_pixels(VECTORS / str(entry["base"]), base)
        filters = reference.NO_BANK if bank is None else reference.parse_bank(save(bank))
        metadata = reference.parse_payload(payload)
        assert filters.id == (metadata.bank or reference.NO_BANK.id)
        output = reference.restore(base, filters, metadata)
        write_pixels(VECTORS / str(entry["expected"]), np.array(output, np.uint8))
        self.entries.append(entry)
        self._count(base, filters, metadata.quality)

    def _count(self, base: Pixels, bank: reference.Bank, quality: int) -> None:
        """Buckets and orientations of a direct bank's first stage, weights that are the mean's."""
        stage = bank.stages[0]
        if not isinstance(stage, reference.FilterStage):
            return
        noise = reference.noise_at(quality, bank.knots)
        plane = reference.luma_of(base.tolist())
        for i in range(-(-len(plane) // 2)):
            for j in range(-(-len(plane[0]) // 2)):
                *orientation, features = reference.describe(reference.patch_of(plane, i, j))
                self.orientations[tuple(orientation)] += 1
                bucket = reference.find_bucket([*features, noise], stage)
                self.buckets[bank.id.hex(), bucket] += 1
        for bucket in range(2**stage.depth if stage.shift else 0):
            weights = reference.expand(stage, bucket, noise)
            self.replaced.update(map(list.__eq__, weights, stage.mean))

    def check(self) -> None:
        """Every orientation occurs, most buckets do, and loud filters are replaced or clipped."""
        assert len(self.orientations) == 8
        assert min(self.orientations.values()) >= 50
        assert min(self.replaced[False], self.replaced[True]) >= 50
        buckets = 0
        for path in (VECTORS / "banks").glob("*.bank"):
            stage = load(path.read_bytes()).stages[0]
            if isinstance(stage, LowRankStage):
                met = sum(1 for bank_id, _ in self.buckets if bank_id == path.stem)
                assert met >= min(2, stage.tree.leaves)
                buckets += stage.tree.leaves
        assert 2 * len(self.buckets) > buckets, (len(self.buckets), buckets)
        for name in ("loud", "loud-cascade"):
            with Image.open(VECTORS / f"{name}.expected.png") as image:
                extremes = np.isin(np.asarray(image), (0, 255))
            assert extremes.mean() > 0.25


def gray_file(plane: Pixels, container: str, quality: int) -> bytes:
    """A file with one channel."""
    stream = io.BytesIO()
    Image.fromarray(plane).save(stream, container, quality=quality)
    return stream.getvalue()


def main() -> None:
    for old in [*VECTORS.glob("*.*"), *VECTORS.glob("banks/*.bank")]:
        if old.name != "README.md":
            old.unlink()
    (VECTORS / "banks").mkdir(exist_ok=True)
    writer = Writer()
    add = writer.add

    # Each scale, each container.
    same = bank_of(1, 2, depth=5)
    half_more = bank_of(2, 3, depth=4)
    double = bank_of(3, 4, depth=4)
    add("x1-png", "png", crop("two-dogs", 26, 30), same, (26, 30))
    add("x3-2-webp", "webp", crop("dandelions", 24, 26), half_more, (36, 39))
    add("x2-jpeg", "jpeg", crop("forest-stream", 22, 26), double, (44, 52), psnr=28.71)
    add("x5-2-avif", "avif", crop("limestone-peaks", 18, 22), bank_of(4, 5, depth=3), (45, 55))
    add("x3-png", "png", crop("mountain-meadow", 14, 18), bank_of(5, 6, depth=2), (42, 54))
    fourfold = bank_of_one_knot(6, 8, depth=2)
    add("x4-webp", "webp", crop("two-dogs", 14, 14), fourfold, (56, 56))

    # The coding noise: beside the knots and at them, asked for by a tree; sums of many bits.
    peaks = crop("limestone-peaks", 14, 15)
    add("below-knots", "png", peaks, half_more, (21, 22), quality=BELOW)
    add("at-a-knot", "png", peaks, same, (14, 15), quality=AT)
    add("half-way-between-knots", "png", peaks, half_more, (21, 22), quality=HALF_WAY)
    add("beyond-knots", "png", peaks, half_more, (21, 22), quality=BEYOND)
    wide = wide_bank(16)
    add("wide-sums", "png", peaks, wide, (14, 15), quality=BEYOND)
    add("wide-sums-less-noise", "png", peaks, wide, (14, 15), quality=HALF_WAY)

    # Cascades: a random stage feeds the next one with noise.
    two = bank_of(7, 3, depth=3, stages=2)
    three = bank_of(8, 4, depth=3, stages=3)
    add("cascade-3", "jpeg", crop("two-dogs", 16, 15), three, (31, 29))
    add("cascade-8", "png", crop("dandelions", 12, 13), varied_bank(9), (12, 13))

    # Blending with the bicubic upscale, last and in between.
    calm = replace(double, stages=(*double.stages, BlendStage(24)))
    later = bank_of(11, None, depth=3, stages=2)
    resized, first, last = later.stages
    between = Bank("png", KNOTS, (resized, first, BlendStage(40), last, BlendStage(9)))
    add("blend-between", "png", crop("two-dogs", 14, 15), between, (19, 25))
    add("blend-alpha", "png", crop("two-dogs", 12, 14), calm, (24, 28), opacity(12, 14))

    # A resize stage first, and no bank at all: any factor.
    flexible = bank_of(10, None, depth=5)
    add("factor-1.37", "jpeg", crop("forest-stream", 27, 31), flexible, (37, 42))
    add("reduction", "png", crop("limestone-peaks", 29, 33), flexible, (18, 20))
    add("stretched-cascade", "webp", crop("two-dogs", 20, 21), later, (23, 63))
    resize_alone = Bank("png", KNOTS, (ResizeStage(),))
    add("resize-stage-alone", "png", crop("dandelions", 13, 11), resize_alone, (31, 24))
    add("no-bank", "avif", crop("mountain-meadow", 15, 17), None, (38, 43))
    add("no-bank-reduction", "png", crop("two-dogs", 21, 40), None, (9, 13))
    add("no-bank-same-size", "png", checkerboards(9, 14), None, (9, 14))

    # Odd and narrow sizes.
    add("odd", "png", crop("limestone-peaks", 11, 13), double, (21, 25))
    add("odd-x3-2", "png", crop("two-dogs", 7, 9), half_more, (10, 13))
    add("odd-x4", "png", crop("dandelions", 5, 7), fourfold, (17, 26))
    add("one-column", "png", crop("forest-stream", 19, 1), double, (37, 1))
    add("one-row", "png", crop("forest-stream", 1, 19), half_more, (1, 28))
    add("one-column-resized", "png", crop("two-dogs", 23, 1), flexible, (31, 1))
    add("one-pixel", "png", crop("dandelions", 1, 1), double, (1, 1))
    add("one-pixel-x4", "png", crop("dandelions", 1, 1), fourfold, (3, 4))
    add("one-pixel-resized", "png", crop("dandelions", 1, 1), flexible, (7, 5))

    # Transparency, and images of one channel.
    dogs = crop("two-dogs", 16, 18)
    add("alpha", "png", dogs, double, (32, 35), opacity(16, 18))
    add("alpha-webp-cascade", "webp", dogs, two, (24, 27), opacity(16, 18))
    add("alpha-resized", "avif", dogs, flexible, (21, 25), opacity(16, 18))
    add("alpha-no-bank", "jpeg", dogs, None, (33, 30), opacity(16, 18))
    gray = crop("forest-stream", 20, 22)[..., 1]
    add("gray-jpeg", "jpeg", gray, double, (40, 44), psnr=31.05, score=-2.5)
    add("gray-png", "png", gray, half_more, (30, 33))

    # Extremes.
    add("checkerboards", "png", checkerboards(20, 24), double, (40, 48))
    loud_one = loud_bank(12, 4, depth=3)
    add("loud", "png", blue_and_yellow(20, 24), loud_one, (40, 48))
    add("loud-cascade", "png", checkerboards(17, 19), loud_bank(13, 3, depth=2, stages=3), (25, 28))
    add("loud-alpha", "png", crop("two-dogs", 14, 14), loud_one, (28, 28), opacity(14, 14))
    add("flat", "png", np.full((4, 5, 3), (200, 13, 77), np.uint8), same, (4, 5))

    # Luma half-way between integers, features that equal a threshold.
    add("ties", "png", halves(20, 22), close_bank(14, halves(20, 22)), (20, 22))

    writer.check()
    (VECTORS / "vectors.json").write_text(json.dumps(writer.entries, indent=2) + "\n")


if __name__ == "__main__":
    main()
