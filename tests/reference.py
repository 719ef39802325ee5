"""A decoder that is slow and obvious: FORMAT.md read aloud, one pixel at a time.

It shares nothing with the product and does its arithmetic in Python's integers, so that three
implementations which agree have understood the same document. Section numbers are FORMAT.md's.
Planes are lists of rows; an image is a list of rows of [red, green, blue] or, with transparency,
[red, green, blue, alpha].
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

Plane = list[list[int]]
Pixels = list[list[list[int]]]

MAX_SIDE = 65535
MAX_PIXELS = 2**27
MAX_RATIO = 8
MAX_METADATA_BYTES = 16 * 2**20
MAX_PARTS = 2**16
MAX_QUALITY = 100
MAX_BANK_BYTES = 2**20
MAX_KNOTS = 32
MAX_NOISE = 64
MAX_STAGES = 8
MAX_DEPTH = 10
MAX_RANK = 64
MAX_WEIGHTS = 2**20
MAX_GAIN = 31

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
ALPHA = 0x81
AVIF_TYPE = bytes.fromhex("7261697372004c9bb1a95f2d1b6c8e03")


def must(condition: bool, what: str) -> None:
    if not condition:
        raise ValueError(what)


# 1. Payload


@dataclass
class Metadata:
    """What a payload says about its output image; `bank` is None for no bank."""

    columns: int
    rows: int
    quality: int
    bank: bytes | None
    fields: dict[int, bytes] = field(default_factory=dict)


def parse_payload(payload: bytes) -> Metadata:
    """The metadata of a JPEG, PNG, WebP or AVIF file; ValueError where FORMAT.md refuses one."""
    if payload[:3] == b"\xff\xd8\xff":
        pieces = jpeg_pieces(payload)
    elif payload[:8] == PNG_SIGNATURE:
        pieces = png_pieces(payload)
    elif payload[:4] == b"RIFF" and payload[8:12] == b"WEBP":
        pieces = webp_pieces(payload)
    elif payload[4:8] == b"ftyp" and payload[8:12] in (b"avif", b"avis", b"mif1"):
        pieces = avif_pieces(payload)
    else:
        raise ValueError("neither JPEG, PNG, WebP nor AVIF")
    record = b"".join(pieces)
    must(record != b"", "no metadata")
    return parse_record(record)


def jpeg_pieces(payload: bytes) -> Iterator[bytes]:
    at, marker, count = 2, 0, 0
    while marker != 0xDA:
        count += 1
        must(count <= MAX_PARTS, "number of segments")
        must(take(payload, at, 1) == b"\xff", "a JPEG marker was expected")
        while take(payload, at, 1) == b"\xff":
            at += 1
        marker = payload[at]
        content = take(payload, at + 3, number(payload, at + 1, 2) - 2)
        at += 3 + len(content)
        if marker == 0xEA and content[:6] == b"RAISR\0":
            yield content[6:]
    must(b"\xff\xd9" in payload[at:], "no EOI")


def png_pieces(payload: bytes) -> Iterator[bytes]:
    at, count = len(PNG_SIGNATURE), 0
    while True:
        count += 1
        must(count <= MAX_PARTS, "number of chunks")
        kind = take(payload, at + 4, 4)
        content = take(payload, at + 8, number(payload, at, 4))
        take(payload, at + 8 + len(content), 4)
        at += 12 + len(content)
        if kind == b"raSR":
            yield content
        if kind == b"IEND":
            return


def webp_pieces(payload: bytes) -> Iterator[bytes]:
    # RIFF counts in little-endian order and pads each chunk to an even length.
    size = int.from_bytes(take(payload, 4, 4), "little")
    end = 8 + len(take(payload, 8, size))
    at, count = 12, 0
    while at < end:
        count += 1
        must(count <= MAX_PARTS, "number of chunks")
        must(at + 8 <= end, "half a chunk header")
        size = int.from_bytes(take(payload, at + 4, 4), "little")
        content = take(payload, at + 8, size)
        if payload[at : at + 4] == b"RAIS":
            yield content
        at += 8 + size + size % 2
        must(at <= end, "a chunk reaches beyond the RIFF list")


def avif_pieces(payload: bytes) -> Iterator[bytes]:
    at, count = 0, 0
    while at < len(payload):
        count += 1
        must(count <= MAX_PARTS, "number of boxes")
        size, header = number(payload, at, 4), 8
        kind = take(payload, at + 4, 4)
        if size == 1:
            size, header = number(payload, at + 8, 8), 16
        must(size >= header, "a box is smaller than its header")
        content = take(payload, at + header, size - header)
        at += size
        if kind == b"uuid" and content[:16] == AVIF_TYPE:
            yield content[16:]


def take(data: bytes, at: int, size: int) -> bytes:
    must(size >= 0 and at + size <= len(data), "something reaches beyond the end of the file")
    return data[at : at + size]


def number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(take(data, at, size), "big")


def parse_record(record: bytes) -> Metadata:
    must(30 <= len(record) <= MAX_METADATA_BYTES, "size of the metadata")
    must(record[0] == 2, "version of the metadata")
    body = record[:-4]
    must(zlib.crc32(body) == number(record, len(body), 4), "checksum of the metadata")
    columns, rows = number(record, 1, 4), number(record, 5, 4)
    must(1 <= columns <= MAX_SIDE and 1 <= rows <= MAX_SIDE, "side of the output image")
    must(rows * columns <= MAX_PIXELS, "pixels of the output image")
    quality = record[9]
    must(quality <= MAX_QUALITY, "quality")
    fields: dict[int, bytes] = {}
    at = 26
    while at < len(body):
        tag = body[at]
        content = take(body, at + 5, number(body, at + 1, 4))
        must(tag < 0x80 or tag == ALPHA, "unknown critical field")
        must(tag not in (0x01, 0x02) or len(content) == 2, "size of a measure")
        fields[tag] = content
        at += 5 + len(content)
    bank = record[10:26]
    return Metadata(columns, rows, quality, bank if any(bank) else None, fields)


# 2. Bank


@dataclass
class ResizeStage:
    """Knows its size from the metadata."""


@dataclass
class BlendStage:
    strength: int


@dataclass
class FilterStage:
    """As the file holds it, in units of 2^-9.

    `mean[output][tap]`, `basis[n][output][tap]`, `constant[n][bucket]`, `slope[n][bucket]`.
    """

    q: int
    depth: int
    features: list[int]
    thresholds: list[int]
    mean: list[list[int]]
    shift: list[int]
    basis: list[list[list[int]]]
    constant: list[list[int]]
    slope: list[list[int]]


Stage = ResizeStage | FilterStage | BlendStage


@dataclass
class Bank:
    """Knots (quality, noise), stages in order, and the first bytes of the file's hash."""

    id: bytes
    knots: list[tuple[int, int]]
    stages: list[Stage]

    @property
    def scale(self) -> Fraction | None:
        """Of a bank that starts with a filter stage; None for one that serves any size."""
        first = self.stages[0]
        return Fraction(first.q, 2) if isinstance(first, FilterStage) else None


NO_BANK = Bank(bytes(16), [(0, 0)], [ResizeStage()])


def parse_bank(data: bytes) -> Bank:
    """A bank file; ValueError where FORMAT.md refuses one."""
    must(len(data) <= MAX_BANK_BYTES, "size of the bank")
    must(take(data, 0, 4) == b"RSRB", "no bank")
    must(number(data, 4, 1) == 2, "version of the bank")
    must(number(data, 5, 1) <= 3, "base codec")
    count = number(data, 6, 1)
    must(1 <= count <= MAX_KNOTS, "number of knots")
    knots = list(struct.iter_unpack(">Bb", take(data, 7, 2 * count)))
    for (quality, _), (next_quality, _) in pairwise(knots):
        must(quality < next_quality, "order of the knots")
    must(all(quality <= MAX_QUALITY for quality, _ in knots), "quality of a knot")
    must(all(abs(noise) <= MAX_NOISE for _, noise in knots), "noise of a knot")
    at = 7 + 2 * count
    count = number(data, at, 1)
    must(1 <= count <= MAX_STAGES, "number of stages")
    at += 1
    heads: list[ResizeStage | BlendStage | tuple[int, int, int]] = []
    for index in range(count):
        kind = number(data, at, 1)
        at += 1
        if kind == 0 and index == 0:
            must(number(data, at, 1) <= number(data, at + 1, 1), "range of scales")
            heads.append(ResizeStage())
            at += 2
        elif kind == 1:
            q, depth, rank = take(data, at, 3)
            must(q in ((2, 3, 4, 5, 6, 8) if index == 0 else (2,)), "size of an output block")
            must(depth <= MAX_DEPTH, "depth of a tree")
            must(rank <= MAX_RANK, "rank")
            must(64 * q * q * 2**depth <= MAX_WEIGHTS, "number of weights")
            heads.append((q, depth, rank))
            at += 3
        elif kind == 2 and index > 0:
            heads.append(BlendStage(number(data, at, 1)))
            at += 1
        else:
            raise ValueError("kind of a stage")
    stages = parse_content(data[at:], heads, with_slopes=len(knots) > 1)
    return Bank(hashlib.sha256(data).digest()[:16], knots, stages)


def parse_content(
    stream: bytes,
    heads: list[ResizeStage | BlendStage | tuple[int, int, int]],
    with_slopes: bool,
) -> list[Stage]:
    """All stages; a head of three numbers is that of a filter stage: q, depth, rank."""
    size = 0
    for head in heads:
        if isinstance(head, tuple):
            q, depth, rank = head
            size += 5 * (2**depth - 1) + (2 + rank) * 64 * q * q + rank
            size += (2 if with_slopes else 1) * rank * 2**depth
    data = iter(inflate(stream, size))
    return [
        parse_filter_stage(data, *head, with_slopes) if isinstance(head, tuple) else head
        for head in heads
    ]


def parse_filter_stage(
    data: Iterator[int], q: int, depth: int, rank: int, with_slopes: bool
) -> FilterStage:
    """The stage whose content comes next in `data`."""
    buckets, nodes, outputs = 2**depth, 2**depth - 1, q * q
    features = [next(data) for _ in range(nodes)]
    must(all(feature <= 13 for feature in features), "unknown feature")
    thresholds = planes(data, nodes, 4)
    weights = iter(planes(data, 64 * outputs, 2))
    mean = [[next(weights) for _ in range(64)] for _ in range(outputs)]
    for output in mean:
        must(sum(output) == 512, "sum of the mean filter")
        must(absolute(output) <= MAX_GAIN * 512, "gain of the mean filter")
    shift = [next(data) for _ in range(rank)]
    must(all(bits <= 7 for bits in shift), "shift")
    basis = [
        transpose([[signed(next(data), 1) for _ in range(outputs)] for _ in range(64)])
        for _ in range(rank)
    ]
    must(all(sum(output) == 0 for each in basis for output in each), "sum of a basis filter")
    constant = [[signed(next(data), 1) for _ in range(buckets)] for _ in range(rank)]
    slope = [
        [signed(next(data), 1) if with_slopes else 0 for _ in range(buckets)] for _ in range(rank)
    ]
    return FilterStage(q, depth, features, thresholds, mean, shift, basis, constant, slope)


def planes(data: Iterator[int], count: int, size: int) -> list[int]:
    """Numbers of `size` bytes: first the highest byte of each, last the lowest."""
    numbers = [0] * count
    for _ in range(size):
        numbers = [256 * value + next(data) for value in numbers]
    return [signed(value, size) for value in numbers]


def signed(value: int, size: int) -> int:
    return value - 256**size if value >= 256**size // 2 else value


def absolute(weights: list[int]) -> int:
    return sum(abs(weight) for weight in weights)


def inflate(stream: bytes, size: int) -> bytes:
    """Exactly `size` bytes, of a zlib stream that ends where `stream` does."""
    machine = zlib.decompressobj()
    try:
        data = machine.decompress(stream, size + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    must(len(data) == size and machine.eof, "size of a zlib stream")
    must(machine.unused_data == b"", "bytes after a zlib stream")
    return data


# 3. Expansion


def noise_at(quality: int, knots: list[tuple[int, int]]) -> int:
    if quality <= knots[0][0]:
        return knots[0][1]
    for (q0, s0), (q1, s1) in pairwise(knots):
        if q0 <= quality <= q1:
            return s0 + (2 * (s1 - s0) * (quality - q0) + q1 - q0) // (2 * (q1 - q0))
    return knots[-1][1]


def expand(stage: FilterStage, bucket: int, noise: int) -> list[list[int]]:
    """The weights of a bucket, `[output][tap]`."""
    coefficients = [
        (64 * constant[bucket] + noise * slope[bucket]) * 2 ** (7 - shift)
        for constant, slope, shift in zip(stage.constant, stage.slope, stage.shift, strict=True)
    ]
    weights = []
    for output, mean in enumerate(stage.mean):
        sums, before, row = 0, 0, []
        for tap in range(64):
            sums += 2**13 * mean[tap]
            for coefficient, basis in zip(coefficients, stage.basis, strict=True):
                sums += coefficient * basis[output][tap]
            whole = (sums + 2**12) >> 13
            row.append(whole - before)
            before = whole
        weights.append(mean if absolute(row) > MAX_GAIN * 512 else row)
    return weights


# 4. Decoding


def restore(base: Any, bank: Bank, metadata: Metadata) -> Pixels:
    """The output image.

    `base` is the base image: rows of pixels of three values of 0..255, as lists or as an array.
    """
    base = [[[int(value) for value in pixel] for pixel in row] for row in base]
    rows, columns = metadata.rows, metadata.columns
    must(len(base) * len(base[0]) <= MAX_PIXELS, "pixels of the base image")
    for one, other in ((len(base), rows), (len(base[0]), columns)):
        must(one <= MAX_RATIO * other and other <= MAX_RATIO * one, "ratio of the images' sides")
    if bank.scale is not None:
        must(len(base) == -(-rows // bank.scale), "rows of the base image")
        must(len(base[0]) == -(-columns // bank.scale), "columns of the base image")

    luma = luma_of(base)
    filtered = run_stages(luma, bank, metadata)
    result: Pixels = [[[] for _ in range(columns)] for _ in range(rows)]
    for channel in range(3):
        difference = [
            [(pixel[channel] - y) * 64 for pixel, y in zip(*row_and_luma, strict=True)]
            for row_and_luma in zip(base, luma, strict=True)
        ]
        resized = resize(difference, rows, columns, bank.scale)
        for r in range(rows):
            for c in range(columns):
                result[r][c].append(clip((filtered[r][c] + resized[r][c] + 32) >> 6, 0, 255))

    if ALPHA in metadata.fields:
        plane = parse_alpha(metadata.fields[ALPHA], len(base), len(base[0]))
        alpha = round_off(run_stages(plane, bank, metadata))
        for r in range(rows):
            for c in range(columns):
                result[r][c] = straight(result[r][c], alpha[r][c])
    return result


def luma_of(base: Pixels) -> Plane:
    return [[(77 * r + 150 * g + 29 * b + 128) >> 8 for r, g, b in row] for row in base]


def run_stages(first: Plane, bank: Bank, metadata: Metadata) -> Plane:
    """A plane of 0..255 through all stages: 0..255 * 64."""
    rows, columns = metadata.rows, metadata.columns
    noise = noise_at(metadata.quality, bank.knots)
    plane, fine = first, first
    for stage in bank.stages:
        if isinstance(stage, ResizeStage):
            fine = resize_stage(plane, rows, columns, None)
        elif isinstance(stage, FilterStage):
            fine = filter_stage(plane, stage, noise)
        else:
            bicubic = resize_stage(first, rows, columns, bank.scale)
            fine = blend_stage(plane, bicubic, stage.strength)
        fine = [row[:columns] for row in fine[:rows]]
        plane = round_off(fine)
    return fine


def round_off(fine: Plane) -> Plane:
    return [[(value + 32) >> 6 for value in row] for row in fine]


def clip(value: int, low: int, high: int) -> int:
    return max(low, min(high, value))


# 5. Filter stage


def filter_stage(plane: Plane, stage: FilterStage, noise: int) -> Plane:
    q = stage.q
    filters: dict[int, list[list[int]]] = {}
    cell_rows, cell_columns = -(-len(plane) // 2), -(-len(plane[0]) // 2)
    result = [[0] * (q * cell_columns) for _ in range(q * cell_rows)]
    for i in range(cell_rows):
        for j in range(cell_columns):
            patch = patch_of(plane, i, j)
            *orientation, features = describe(patch)
            bucket = find_bucket(features, stage)
            if bucket not in filters:
                filters[bucket] = expand(stage, bucket, noise)
            block = filter_cell(patch, orientation, filters[bucket], q)
            for r in range(q):
                for c in range(q):
                    result[q * i + r][q * j + c] = block[r][c]
    return result


def patch_of(plane: Plane, i: int, j: int) -> Plane:
    last_row, last_column = len(plane) - 1, len(plane[0]) - 1
    return [
        [plane[clip(r, 0, last_row)][clip(c, 0, last_column)] for c in range(2 * j - 3, 2 * j + 5)]
        for r in range(2 * i - 3, 2 * i + 5)
    ]


def filter_cell(patch: Plane, orientation: list[bool], weights: list[list[int]], q: int) -> Plane:
    """The output block of one cell."""
    flipped, transposed, turned = orientation
    canonical = patch
    if flipped:
        canonical = flip(canonical)
    if transposed:
        canonical = transpose(canonical)
    if turned:
        canonical = turn(canonical)
    taps = [pixel for row in canonical for pixel in row]

    outputs = []
    for output in weights:
        total = sum((tap - 128) * weight for tap, weight in zip(taps, output, strict=True))
        outputs.append(clip((total + 65536 + 4) >> 3, 0, 255 * 64))
    block = [outputs[q * r : q * (r + 1)] for r in range(q)]
    if turned:
        block = turn(block)
    if transposed:
        block = transpose(block)
    if flipped:
        block = flip(block)
    return block


def flip(square: Plane) -> Plane:
    return [row[::-1] for row in square]


def transpose(square: Plane) -> Plane:
    return [list(column) for column in zip(*square, strict=True)]


def turn(square: Plane) -> Plane:
    return [row[::-1] for row in square[::-1]]


def describe(patch: Plane) -> tuple[bool, bool, bool, list[int]]:
    """Orientation (flipped, transposed, turned) and the features 0..13 of a patch's cell."""
    p = patch
    w = {1: 1, 2: 2, 3: 4, 4: 4, 5: 2, 6: 1}
    l = {1: -5, 2: -6, 3: -4, 4: 4, 5: 6, 6: 5}  # noqa: E741
    gxx = gyy = gxy = moment_columns = moment_rows = inner_strength = 0
    for r in range(1, 7):
        for c in range(1, 7):
            down = p[r + 1][c] - p[r - 1][c]
            across = p[r][c + 1] - p[r][c - 1]
            energy = down**2 + across**2
            gxx += w[r] * w[c] * across**2
            gyy += w[r] * w[c] * down**2
            gxy += w[r] * w[c] * across * down
            moment_columns += w[r] * l[c] * energy
            moment_rows += l[r] * w[c] * energy
            if r in (3, 4) and c in (3, 4):
                inner_strength += energy

    flipped = gxy < 0
    transposed = gxx < gyy
    if transposed:
        moment = moment_rows
    elif flipped:
        moment = -moment_columns
    else:
        moment = moment_columns
    turned = moment < 0

    (a, b, c, d), (e, f, g, h), (i, j, k, m), (n, o, p_, q) = (row[2:6] for row in p[2:6])
    cell = f + g + j + k
    step_columns = g + k - f - j
    step_rows = j + k - f - g
    if transposed:
        curvature = cell - (b + c + o + p_)
        slope = 3 * step_rows + (n + o + p_ + q) - (a + b + c + d)
        same = (slope < 0) == (moment_rows < 0)
    else:
        curvature = cell - (e + i + h + m)
        slope = 3 * step_columns + (d + h + m + q) - (a + e + i + n)
        same = (slope < 0) == (moment_columns < 0)
    roughness = sum(
        (p[r + 1][c] + p[r - 1][c] + p[r][c + 1] + p[r][c - 1] - 4 * p[r][c]) ** 2
        for r in range(2, 6)
        for c in range(2, 6)
    )
    strength = gxx + gyy
    features = [
        strength,
        ratio((gxx - gyy) ** 2 + (2 * gxy) ** 2, strength**2),
        ratio(abs(2 * gxy), abs(2 * gxy) + abs(gxx - gyy)),
        ratio(abs(moment), strength),
        inner_strength,
        roughness,
        max(f, g, j, k) - min(f, g, j, k),
        abs(f + k - g - j),
        abs(step_rows if transposed else step_columns),
        abs(step_columns if transposed else step_rows),
        abs(curvature),
        curvature if same else -curvature,
        abs(slope),
        cell,
    ]
    return flipped, transposed, turned, features


def ratio(x: int, y: int) -> int:
    # Python rounds a quotient of integers to the nearest double, as IEEE 754 does.
    return int(4096 * x / max(y, 1))


def find_bucket(features: list[int], stage: FilterStage) -> int:
    node = 0
    for _ in range(stage.depth):
        exceeds = features[stage.features[node]] > stage.thresholds[node]
        node = 2 * node + (2 if exceeds else 1)
    return node - (2**stage.depth - 1)


# 6. Alpha


def parse_alpha(stream: bytes, rows: int, columns: int) -> Plane:
    data = inflate(stream, rows * columns)
    plane: Plane = []
    for r in range(rows):
        row: list[int] = []
        for c in range(columns):
            if c > 0:
                prediction = row[c - 1]
            elif r > 0:
                prediction = plane[r - 1][0]
            else:
                prediction = 0
            row.append((data[r * columns + c] + prediction) % 256)
        plane.append(row)
    return plane


def straight(on_white: list[int], alpha: int) -> list[int]:
    """Colour composited on white -> straight colour, alpha."""
    if alpha == 0:
        return [255, 255, 255, 0]
    return [
        clip((255 * value - 255 * (255 - alpha) + alpha // 2) // alpha, 0, 255)
        for value in on_white
    ] + [alpha]


# 7. Resize


def resize(plane: Plane, rows: int, columns: int, scale: Fraction | None) -> Plane:
    """A plane of any integers in `rows` x `columns`; `scale` None: from edge to edge."""
    wide = [resize_line(line, columns, scale) for line in plane]
    return transpose([resize_line(line, rows, scale) for line in transpose(wide)])


def resize_line(line: list[int], size: int, scale: Fraction | None) -> list[int]:
    s = Fraction(len(line), size) if scale is None else 1 / scale
    u, v = s.numerator, s.denominator
    result = []
    for i in range(size):
        first, rest = divmod((2 * i + 1) * u - v, 2 * v)
        t = 1024 * rest // (2 * v)
        w0 = (-(t**3) + 2 * 1024 * t**2 - 1024**2 * t + 2**18) >> 19
        w1 = (3 * t**3 - 5 * 1024 * t**2 + 2 * 1024**3 + 2**18) >> 19
        w2 = (-3 * t**3 + 4 * 1024 * t**2 + 1024**2 * t + 2**18) >> 19
        w3 = 4096 - w0 - w1 - w2
        inputs = [line[clip(first + k, 0, len(line) - 1)] for k in (-1, 0, 1, 2)]
        total = w0 * inputs[0] + w1 * inputs[1] + w2 * inputs[2] + w3 * inputs[3]
        result.append((total + 2048) >> 12)
    return result


def resize_stage(plane: Plane, rows: int, columns: int, scale: Fraction | None) -> Plane:
    fine = resize([[64 * value for value in row] for row in plane], rows, columns, scale)
    return [[clip(value, 0, 255 * 64) for value in row] for row in fine]


# 8. Blend stage


def blend_stage(plane: Plane, bicubic: Plane, strength: int) -> Plane:
    rounded = round_off(bicubic)
    result: Plane = [[] for _ in plane]
    for r in range(len(plane)):
        for c in range(len(plane[0])):
            changed = 0
            for step_r in (-1, 0, 1):
                for step_c in (-1, 0, 1):
                    darker = is_darker(plane, r, c, step_r, step_c)
                    changed += darker != is_darker(rounded, r, c, step_r, step_c)
            share = min(strength * changed, 128)
            fine = 64 * plane[r][c]
            result[r].append(fine + (((bicubic[r][c] - fine) * share + 64) >> 7))
    return result


def is_darker(plane: Plane, r: int, c: int, step_r: int, step_c: int) -> bool:
    """Whether a neighbour is darker than the pixel; the pixel itself never is."""
    row = clip(r + step_r, 0, len(plane) - 1)
    column = clip(c + step_c, 0, len(plane[0]) - 1)
    return plane[row][column] < plane[r][c]
