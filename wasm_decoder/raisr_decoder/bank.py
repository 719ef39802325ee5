"""Filter banks: the stages of one base codec and scale, for every quality. Load and save.

FORMAT.md, section 2, describes the bytes.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.cells import CELL, PATCH
from raisr_decoder.errors import (
    BankDamaged,
    BankMismatch,
    BankUnknown,
    BankUnsupported,
    LimitExceeded,
)
from raisr_decoder.features import FEATURES
from raisr_decoder.filters import (
    MAX_SHIFT,
    WEIGHT_BITS,
    BlendStage,
    Filters,
    LowRankStage,
    ResizeStage,
)
from raisr_decoder.inflate import inflate
from raisr_decoder.limits import (
    MAX_BANK_BYTES,
    MAX_DEPTH,
    MAX_GAIN,
    MAX_KNOTS,
    MAX_NOISE,
    MAX_QUALITY,
    MAX_RANK,
    MAX_STAGES,
    MAX_WEIGHTS,
)
from raisr_decoder.shapes import BLOCKS
from raisr_decoder.tree import Tree

MAGIC = b"RSRB"
VERSION = 2
ID_BYTES = 16
TAPS = PATCH**2

BASES = ("png", "jpeg", "webp", "avif")
"""Base codecs, in the order of their numbers in a file."""

SCALE_UNIT = 16
"""A resize stage states scales in units of 1 / 16."""

_HEADER = struct.Struct(">4sBBB")
_KNOT = struct.Struct(">Bb")
_FILTER = struct.Struct(">BBB")
_KIND_RESIZE, _KIND_FILTER, _KIND_BLEND = 0, 1, 2

BankStage = ResizeStage | LowRankStage | BlendStage


@dataclass(frozen=True, eq=False)
class Bank:
    """Stages that turn base images of one base codec into output images.

    Attributes
    ----------
    base : str
        Base codec of the images that it was trained on, one of `BASES`.
    noise : tuple of (int, int)
        The coding noise at some qualities: pairs of a quality, 0..100, rising, and a number of
        -64..64 that the filters depend on, greatest at the lowest one. Between them it is
        interpolated linearly, beyond them it stays the same.
    stages : tuple of BankStage
        A resize or filter stage, then filter stages of scale 1 and blend stages.
    """

    base: str
    noise: tuple[tuple[int, int], ...]
    stages: tuple[BankStage, ...]

    @property
    def scale(self) -> Fraction | None:
        """Output size / base size; None where a resize stage serves any size."""
        first = self.stages[0]
        return first.scale if isinstance(first, LowRankStage) else None

    @property
    def trained_scales(self) -> tuple[Fraction, Fraction]:
        """Lowest and highest output size / base size that it was trained for."""
        match self.stages[0]:
            case LowRankStage() as first:
                return first.scale, first.scale
            case ResizeStage(scales):
                return scales
            case BlendStage():
                raise BankDamaged("it starts with a blend stage")

    def filters(self, quality: int) -> Filters:
        """The stages for a quality of the base codec, 0..100."""
        noise = noise_at(quality, self.noise)
        return Filters(
            tuple(
                stage.at(noise) if isinstance(stage, LowRankStage) else stage
                for stage in self.stages
            )
        )

    @cached_property
    def id(self) -> str:
        """Content hash: 32 hexadecimal digits."""
        return content_id(save(self))


def noise_at(quality: int, knots: Sequence[tuple[int, int]]) -> int:
    """The coding noise at a quality, -64..64, from that at some qualities."""
    for (low, before), (high, after) in pairwise(knots):
        if quality <= high:
            width = high - low
            rise = (after - before) * max(quality - low, 0)
            return before + (2 * rise + width) // (2 * width)
    return knots[-1][1]


def content_id(data: bytes) -> str:
    """The id of a bank file: the first 16 bytes of its SHA-256, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()[: 2 * ID_BYTES]


def shipped_folder() -> Path:
    """The folder of the banks that this package ships."""
    return Path(__file__).parent / "banks"


def shipped_path(bank_id: str) -> Path:
    """The file of a bank that this package ships.

    Parameters
    ----------
    bank_id : str
        32 hexadecimal digits.

    Raises
    ------
    BankUnknown
    """
    path = shipped_folder() / f"{bank_id}.bank"
    if not (len(bank_id) == 2 * ID_BYTES and bank_id.isalnum() and path.is_file()):
        raise BankUnknown(bank_id)
    return path


# --- save ---------------------------------------------------------------------------------------


def save(bank: Bank) -> bytes:
    """The bytes of a bank's file.

    Parameters
    ----------
    bank : Bank

    Returns
    -------
    bytes
        As `load` reads them.
    """
    head = _HEADER.pack(MAGIC, VERSION, BASES.index(bank.base), len(bank.noise))
    head += b"".join(_KNOT.pack(*knot) for knot in bank.noise) + bytes([len(bank.stages)])
    content = b"".join(
        _pack_filters(stage, len(bank.noise) > 1)
        for stage in bank.stages
        if isinstance(stage, LowRankStage)
    )
    return head + b"".join(map(_pack_stage, bank.stages)) + _deflate(content)


def _pack_stage(stage: BankStage) -> bytes:
    match stage:
        case ResizeStage(scales):
            return bytes([_KIND_RESIZE, *(int(scale * SCALE_UNIT) for scale in scales)])
        case BlendStage(strength):
            return bytes([_KIND_BLEND, strength])
        case LowRankStage():
            sizes = stage.block, stage.tree.depth, len(stage.basis)
            return bytes([_KIND_FILTER]) + _FILTER.pack(*sizes)


def _pack_filters(stage: LowRankStage, with_slopes: bool) -> bytes:
    parts = [
        stage.tree.feature.astype(np.uint8),
        _planes(stage.tree.threshold.astype(">i4")),
        _planes(stage.mean.T.astype(">i2")),
        stage.shift,
        stage.basis,
        stage.constant.T,
    ]
    if with_slopes:
        parts.append(stage.slope.T)
    return b"".join(part.tobytes() for part in parts)


def _planes(numbers: NDArray[Any]) -> NDArray[np.uint8]:
    """First the high bytes of all numbers, ..., last the low ones: they compress better."""
    flat = np.ascontiguousarray(numbers).reshape(-1, 1)
    return flat.view(np.uint8).T


def _deflate(data: bytes) -> bytes:
    # Nothing repeats; small blocks follow the statistics from one basis filter to the next.
    stream = zlib.compressobj(9, memLevel=5, strategy=zlib.Z_HUFFMAN_ONLY)
    return stream.compress(data) + stream.flush()


# --- load ---------------------------------------------------------------------------------------


def load(data: bytes, bank_id: str | None = None) -> Bank:
    """Read a bank from the bytes of its file.

    Parameters
    ----------
    data : bytes
    bank_id : str, optional
        The id that a payload names.

    Returns
    -------
    Bank

    Raises
    ------
    BankDamaged
        The bytes are not those of a bank.
    BankUnsupported
        The bank needs a newer decoder.
    BankMismatch
        Its id is not `bank_id`.
    LimitExceeded
        The file, or something in it, is too large.
    """
    if len(data) > MAX_BANK_BYTES:
        raise LimitExceeded("bytes of the bank", len(data), MAX_BANK_BYTES)
    if bank_id is not None and content_id(data) != bank_id:
        raise BankMismatch(f"its id is {content_id(data)}, the payload names {bank_id}")
    reader = _Reader(data)
    magic, version, base, knots = reader.unpack(_HEADER)
    if magic != MAGIC:
        raise BankDamaged("it does not start with RSRB")
    if version != VERSION:
        raise BankUnsupported("version", version)
    if base >= len(BASES):
        raise BankUnsupported("base codec", base)
    noise = _load_noise(reader, knots)
    (count,) = reader.take(1)
    if not count:
        raise BankDamaged("it has no stages")
    if count > MAX_STAGES:
        raise LimitExceeded("stages of the bank", count, MAX_STAGES)
    outlines = [_load_outline(reader, number) for number in range(count)]
    stages = tuple(_load_filters(outlines, len(noise) > 1, reader.rest()))
    bank = Bank(BASES[base], noise, stages)
    # The id is that of this file: another version of deflate would save the bank as other bytes.
    bank.__dict__["id"] = content_id(data)
    return bank


@dataclass(frozen=True)
class _Outline:
    """What comes ahead of the filters of a stage."""

    number: int
    block: int
    depth: int
    rank: int

    def size(self, with_slopes: bool) -> int:
        """Bytes of the stage's filters."""
        nodes, weights = (1 << self.depth) - 1, TAPS * self.block**2
        coefficients = self.rank << self.depth
        return (
            5 * nodes
            + (2 + self.rank) * weights
            + self.rank
            + coefficients * (2 if with_slopes else 1)
        )


def _load_noise(reader: _Reader, knots: int) -> tuple[tuple[int, int], ...]:
    if not knots:
        raise BankDamaged("it states no coding noise")
    if knots > MAX_KNOTS:
        raise LimitExceeded("qualities whose noise the bank states", knots, MAX_KNOTS)
    noise = tuple(reader.unpack(_KNOT) for _ in range(knots))
    qualities = [quality for quality, _ in noise]
    if qualities != sorted(set(qualities)) or qualities[-1] > MAX_QUALITY:
        raise BankDamaged(f"its qualities are {qualities}")
    if any(abs(level) > MAX_NOISE for _, level in noise):
        raise BankDamaged(f"its noise is {[level for _, level in noise]}")
    return noise


def _load_outline(reader: _Reader, number: int) -> _Outline | ResizeStage | BlendStage:
    (kind,) = reader.take(1)
    if kind == _KIND_RESIZE and number == 0:
        lowest, highest = reader.take(2)
        if lowest > highest:
            raise BankDamaged(f"scale range {lowest}..{highest}")
        return ResizeStage((Fraction(lowest, SCALE_UNIT), Fraction(highest, SCALE_UNIT)))
    if kind == _KIND_BLEND and number > 0:
        return BlendStage(*reader.take(1))
    if kind != _KIND_FILTER:
        raise BankUnsupported(f"in stage {number} the kind", kind)
    block, depth, rank = reader.unpack(_FILTER)
    if block not in (BLOCKS if number == 0 else (CELL,)):
        raise BankDamaged(f"stage {number} has output blocks of {block}")
    if depth > MAX_DEPTH:
        raise LimitExceeded(f"depth of the tree of stage {number}", depth, MAX_DEPTH)
    if rank > MAX_RANK:
        raise LimitExceeded(f"basis filters of stage {number}", rank, MAX_RANK)
    weights = TAPS * block**2 << depth
    if weights > MAX_WEIGHTS:
        raise LimitExceeded(f"weights of stage {number}", weights, MAX_WEIGHTS)
    return _Outline(number, block, depth, rank)


def _load_filters(
    outlines: list[_Outline | ResizeStage | BlendStage], with_slopes: bool, stream: bytes
) -> list[BankStage]:
    """The stages, from one stream that holds the filters of all of them."""
    size = sum(each.size(with_slopes) for each in outlines if isinstance(each, _Outline))
    try:
        content = inflate(stream, size)
    except ValueError as error:
        raise BankDamaged(f"its stream of filters {error}") from error
    reader = _Reader(content)
    return [
        _load_filter_stage(reader, each, with_slopes) if isinstance(each, _Outline) else each
        for each in outlines
    ]


def _load_filter_stage(reader: _Reader, outline: _Outline, with_slopes: bool) -> LowRankStage:
    nodes, leaves, outputs = (1 << outline.depth) - 1, 1 << outline.depth, outline.block**2
    rank = outline.rank
    feature = reader.array("u1", nodes).astype(np.int32)
    if np.any(feature >= len(FEATURES)):
        raise BankUnsupported(f"in stage {outline.number} the feature", int(feature.max()))
    tree = Tree(feature, reader.planes(">i4", nodes).astype(np.int32))
    mean = reader.planes(">i2", TAPS * outputs).reshape(outputs, TAPS).astype(np.int16).T
    shift = reader.array("u1", rank)
    basis = reader.array("i1", rank * outputs * TAPS).reshape(rank, TAPS, outputs)
    constant = reader.array("i1", rank * leaves).reshape(rank, leaves).T
    slope = (
        reader.array("i1", rank * leaves).reshape(rank, leaves).T
        if with_slopes
        else np.zeros_like(constant)
    )
    _check_mean(mean.astype(np.int64), outline.number)
    if np.any(shift > MAX_SHIFT):
        raise BankDamaged(f"in stage {outline.number} a shift is {shift.max()}")
    if np.any(basis.sum(axis=1, dtype=np.int64)):
        raise BankDamaged(f"a basis filter of stage {outline.number} does not sum to zero")
    return LowRankStage(outline.block, tree, mean, basis, shift, constant, slope)


def _check_mean(mean: NDArray[np.int64], number: int) -> None:
    if np.any(mean.sum(axis=0) != 1 << WEIGHT_BITS):
        raise BankDamaged(f"the mean filter of stage {number} does not sum to one")
    if np.any(np.abs(mean).sum(axis=0) > MAX_GAIN << WEIGHT_BITS):
        raise BankDamaged(f"the mean filter of stage {number} could leave the exact range")


class _Reader:
    """Takes bytes in order, never beyond the end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._offset = data, 0

    def rest(self) -> bytes:
        """All bytes that were not taken."""
        return self.take(len(self._data) - self._offset)

    def take(self, count: int) -> bytes:
        missing = self._offset + count - len(self._data)
        if missing > 0:
            raise BankDamaged(f"it ends {missing} bytes early")
        self._offset += count
        return self._data[self._offset - count : self._offset]

    def unpack(self, layout: struct.Struct) -> tuple[Any, ...]:
        return layout.unpack(self.take(layout.size))

    def array(self, dtype: str, count: int) -> NDArray[Any]:
        return np.frombuffer(self.take(count * np.dtype(dtype).itemsize), dtype)

    def planes(self, dtype: str, count: int) -> NDArray[Any]:
        """Numbers whose high bytes come first, as `_planes` writes them."""
        size = np.dtype(dtype).itemsize
        planes = self.array("u1", count * size).reshape(size, count)
        return np.ascontiguousarray(planes.T).view(dtype)[:, 0]
