"""Make the conformance vectors again: `python tests/make_vectors.py`.

To be run by hand after the format has changed; tests only read what it wrote. The right pixels
come from the slow decoder in `reference.py`, so a vector shows how the other implementations
differ from the format, never how they differ from themselves.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import reference
from raisr.codecs import base_codec
from raisr.evaluation.metrics import luma_psnr
from raisr.images.reading import decode_base
from raisr_decoder.alpha import composite_on_white, pack_alpha
from raisr_decoder.bank import Bank, BlendStage, FilterStage, ResizeStage, load, save
from raisr_decoder.cells import pad
from raisr_decoder.color import luma
from raisr_decoder.features import FEATURES, cell_features
from raisr_decoder.metadata import Metadata, pack
from raisr_decoder.pipeline import restore
from raisr_decoder.tree import Tree
from support import SAMPLES, VECTORS, loud, random_bank, random_stage, write_pixels

Pixels = NDArray[np.uint8]

SUFFIXES = {codec: base_codec(codec).suffix for codec in ("jpeg", "png", "webp", "avif")}
QUALITY = 70


# --- banks ------------------------------------------------------------------------------------


def bank_of(seed: int, block: int | None, depth: int, stages: int = 1) -> Bank:
    """Noise, with a tree that sends the cells of photographs to different buckets."""
    photos = [crop(path.stem, 40, 40) for path in sorted(SAMPLES.glob("*.jpg"))]
    return random_bank(seed, block, stages, depth=depth, plane=luma(np.concatenate(photos)))


def loud_bank(seed: int, block: int, depth: int, stages: int = 1) -> Bank:
    """Noise at the greatest gain that the format allows: nearly every sum is clipped."""
    rng = np.random.default_rng(seed)
    bank = bank_of(seed, block, depth, stages)
    noisy = (loud(rng, stage) for stage in bank.stages if isinstance(stage, FilterStage))
    return replace(bank, stages=tuple(noisy))


def close_bank(seed: int, base: Pixels) -> Bank:
    """Noise, with a tree of ratios that some cells of this base image meet exactly."""
    rng = np.random.default_rng(seed)
    stage = random_stage(rng, 2, 5)
    features = cell_features(pad(luma(base)))[0].reshape(len(FEATURES), -1)
    names = ("coherence", "angle", "offset")
    feature = rng.choice([FEATURES.index(name) for name in names], stage.tree.feature.size)
    threshold = features[feature, rng.integers(0, features.shape[1], feature.size)]
    tree = Tree(feature.astype(np.int32), threshold)
    return Bank("png", (0, 100), (replace(stage, tree=tree),))


def trained_bank(folder: Path) -> Bank:
    """Two small stages, trained on a piece of each sample photograph."""
    for photo in SAMPLES.glob("*.jpg"):
        write_pixels(folder / f"{photo.stem}.png", crop(photo.stem, 800, 800, step=1))
    trained = folder / "trained.bank"
    command = [Path(sys.executable).with_name("raisr"), "train", folder, "-o", trained]
    settings = ["--base", "jpeg", "--scale", "2", "--quality", "50"]
    subprocess.run([*command, *settings, "--stages", "2", "--buckets", "8"], check=True)
    return load(trained.read_bytes())


# --- images -----------------------------------------------------------------------------------


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

    def add(
        self,
        name: str,
        container: str,
        base: Pixels,
        bank: Bank | None,
        shape: tuple[int, int],
        alpha: Pixels | None = None,
    ) -> None:
        """A vector of a base image that is still to be compressed; shape (M, N) makes it gray."""
        if alpha is not None:
            base = composite_on_white(base, alpha)
        if base.ndim == 2:
            file = gray_file(base, container)
        else:
            file = base_codec(container).encode(base, QUALITY)
        metadata = Metadata(
            shape[1],
            shape[0],
            None if bank is None else bank.id,
            alpha=None if alpha is None else pack_alpha(alpha),
        )
        self.add_payload(name, container, pack(file, metadata), bank)

    def add_payload(self, name: str, container: str, payload: bytes, bank: Bank | None) -> None:
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
        self.count(base, filters)

    def count(self, base: Pixels, bank: reference.Bank) -> None:
        """Buckets and orientations of a direct bank's first stage."""
        stage = bank.stages[0]
        if not isinstance(stage, reference.FilterStage):
            return
        plane = reference.luma_of(base.tolist())
        for i in range(-(-len(plane) // 2)):
            for j in range(-(-len(plane[0]) // 2)):
                *orientation, features = reference.describe(reference.patch_of(plane, i, j))
                self.orientations[tuple(orientation)] += 1
                self.buckets[bank.id.hex(), reference.find_bucket(features, stage)] += 1

    def check(self) -> None:
        """Every orientation occurs, most buckets do, and loud filters are clipped."""
        assert len(self.orientations) == 8
        assert min(self.orientations.values()) >= 50
        buckets = 0
        for path in (VECTORS / "banks").glob("*.bank"):
            stage = load(path.read_bytes()).stages[0]
            if isinstance(stage, FilterStage):
                met = sum(1 for bank_id, _ in self.buckets if bank_id == path.stem)
                assert met >= min(2, stage.tree.leaves)
                buckets += stage.tree.leaves
        assert 2 * len(self.buckets) > buckets, (len(self.buckets), buckets)
        for name in ("loud", "loud-cascade"):
            with Image.open(VECTORS / f"{name}.expected.png") as image:
                extremes = np.isin(np.asarray(image), (0, 255))
            assert extremes.mean() > 0.25


def gray_file(plane: Pixels, container: str) -> bytes:
    """A file with one channel."""
    stream = io.BytesIO()
    Image.fromarray(plane).save(stream, container, quality=QUALITY)
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
    add("x2-jpeg", "jpeg", crop("forest-stream", 22, 26), double, (44, 52))
    add("x5-2-avif", "avif", crop("limestone-peaks", 18, 22), bank_of(4, 5, depth=3), (45, 55))
    add("x3-png", "png", crop("mountain-meadow", 14, 18), bank_of(5, 6, depth=2), (42, 54))
    fourfold = bank_of(6, 8, depth=2)
    add("x4-webp", "webp", crop("two-dogs", 14, 14), fourfold, (56, 56))

    # Cascades: a random stage feeds the next one with noise.
    two = bank_of(7, 3, depth=3, stages=2)
    three = bank_of(8, 4, depth=3, stages=3)
    eight = bank_of(9, 2, depth=0, stages=8)
    add("cascade-2", "avif", crop("dandelions", 17, 20), two, (25, 30))
    add("cascade-3", "jpeg", crop("two-dogs", 16, 15), three, (31, 29))
    add("cascade-8", "png", crop("dandelions", 12, 13), eight, (12, 13))

    # Blending with the bicubic upscale, last and in between.
    calm = replace(double, stages=(*double.stages, BlendStage(24)))
    add("blend", "png", crop("dandelions", 18, 20), calm, (36, 39))
    resized, first, last = bank_of(11, None, depth=3, stages=2).stages
    between = Bank("png", (0, 100), (resized, first, BlendStage(40), last, BlendStage(9)))
    add("blend-between", "png", crop("two-dogs", 14, 15), between, (19, 25))
    add("blend-alpha", "png", crop("two-dogs", 12, 14), calm, (24, 28), opacity(12, 14))

    # A resize stage first, and no bank at all: any factor.
    flexible = bank_of(10, None, depth=5)
    add("factor-1.37", "jpeg", crop("forest-stream", 27, 31), flexible, (37, 42))
    add("reduction", "png", crop("limestone-peaks", 29, 33), flexible, (18, 20))
    later = bank_of(11, None, depth=3, stages=2)
    add("stretched-cascade", "webp", crop("two-dogs", 20, 21), later, (23, 63))
    resize_alone = Bank("png", (0, 100), (ResizeStage(),))
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
    add("gray-jpeg", "jpeg", gray, double, (40, 44))
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

    # As in use: a trained bank, a downscaled photograph, what the encoder measured.
    with tempfile.TemporaryDirectory() as folder:
        bank = trained_bank(Path(folder))
    photo = crop("two-dogs", 56, 64, step=2)
    with Image.fromarray(photo) as image:
        base = np.asarray(image.resize((32, 28), Image.Resampling.LANCZOS))
    file = base_codec("jpeg").encode(base, 50)
    output = restore(decode_base(file), bank, photo.shape[:2])
    metadata = Metadata(64, 56, bank.id, psnr=luma_psnr(output, photo))
    writer.add_payload("trained", "jpeg", pack(file, metadata), bank)

    writer.check()
    (VECTORS / "vectors.json").write_text(json.dumps(writer.entries, indent=2) + "\n")


if __name__ == "__main__":
    main()
