"""Filter banks and their stages: load, save, expand. FORMAT.md, section 2, describes the bytes."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.cells import CELL, ORIENTATIONS, PATCH, canonical_order
from raisr_decoder.errors import (
    BankDamaged,
    BankMismatch,
    BankUnknown,
    BankUnsupported,
    LimitExceeded,
)
from raisr_decoder.features import FEATURES
from raisr_decoder.inflate import inflate
from raisr_decoder.limits import MAX_BANK_BYTES, MAX_DEPTH, MAX_GAIN, MAX_STAGES
from raisr_decoder.shapes import BLOCKS
from raisr_decoder.tree import Tree

MAGIC = b"RSRB"
VERSION = 1
ID_BYTES = 16

WEIGHT_BITS = 9
"""Fraction bits of a filter's weights."""

BASES = ("png", "jpeg", "webp", "avif")
"""Base codecs, in the order of their numbers in a file."""

SCALE_UNIT = 16
"""A resize stage states scales in units of 1 / 16."""

_HEADER = struct.Struct(">4sBBBBB")
_STAGE = struct.Struct(">BB")
_KIND_RESIZE, _KIND_FILTER, _KIND_BLEND = 0, 1, 2


@dataclass(frozen=True)
class ResizeStage:
    """Bicubic resize of the plane to the size of the output image.

    Attributes
    ----------
    scales : (Fraction, Fraction)
        Lowest and highest output size / base size that the later stages were trained for,
        multiples of 1/16 below 16. They help to choose a bank; the stage itself serves any scale.
    """

    scales: tuple[Fraction, Fraction] = (Fraction(0), Fraction(255, 16))


@dataclass(frozen=True)
class FilterStage:
    """Hash each cell, apply the filter of its bucket.

    Attributes
    ----------
    block : int
        Rows and columns q of the output block of a cell.
    tree : Tree
        Its leaves are the buckets.
    weights : ndarray of shape (buckets, 64, q * q), int32
        Canonical filters, in units of 2**-9.
    """

    block: int
    tree: Tree
    weights: NDArray[np.int32]

    @property
    def scale(self) -> Fraction:
        """Output size / input size."""
        return Fraction(self.block, CELL)

    @cached_property
    def expanded(self) -> NDArray[np.float32]:
        """Filters of every orientation, shape (8 * buckets, 64, q * q), float32.

        Filter ``orientation * buckets + bucket`` applies to a patch as it lies in the image.
        """
        buckets, taps, outputs = self.weights.shape
        expanded = np.empty((ORIENTATIONS, buckets, taps, outputs), np.float32)
        for orientation in range(ORIENTATIONS):
            patch = canonical_order(PATCH, orientation)
            block = canonical_order(self.block, orientation)
            expanded[orientation][:, patch[:, None], block] = self.weights
        return expanded.reshape(-1, taps, outputs)

    @cached_property
    def paired(self) -> NDArray[np.int16]:
        """`expanded` as compiled code reads it, shape (8 * buckets, 32, lanes, 2), int16.

        The weights of two neighbouring taps lie side by side for each output; `lanes` rounds the
        number of outputs up, and the outputs that it adds have weights of 0.
        """
        outputs = self.block**2
        pairs = self.expanded.reshape(-1, PATCH**2 // 2, 2, outputs)
        paired = np.zeros((*pairs.shape[:2], lanes(self.block), 2), np.int16)
        paired[:, :, :outputs] = pairs.transpose(0, 1, 3, 2)
        return paired


@dataclass(frozen=True)
class BlendStage:
    """Blend back towards the bicubic upscale where earlier stages changed local structure.

    Attributes
    ----------
    strength : int
        As `blend` takes it, 0..255.
    """

    strength: int


Stage = ResizeStage | FilterStage | BlendStage


def lanes(block: int) -> int:
    """Outputs of a filter, rounded up to whole vectors of four."""
    return -(-(block**2) // 4) * 4


@dataclass(frozen=True)
class Bank:
    """Stages that turn base images of one base codec and quality into output images.

    Attributes
    ----------
    base : str
        Base codec of the images that it was trained on, one of `BASES`.
    quality : (int, int)
        Lowest and highest quality of those images, 0..100.
    stages : tuple of Stage
        A resize or filter stage, then filter stages of scale 1 and blend stages.
    """

    base: str
    quality: tuple[int, int]
    stages: tuple[Stage, ...]

    @property
    def scale(self) -> Fraction | None:
        """Output size / base size; None where a resize stage serves any size."""
        first = self.stages[0]
        return first.scale if isinstance(first, FilterStage) else None

    @property
    def trained_scales(self) -> tuple[Fraction, Fraction]:
        """Lowest and highest output size / base size that it was trained for."""
        match self.stages[0]:
            case FilterStage() as first:
                return first.scale, first.scale
            case ResizeStage(scales):
                return scales
            case BlendStage():
                raise BankDamaged("it starts with a blend stage")

    @cached_property
    def id(self) -> str:
        """Content hash: 32 hexadecimal digits."""
        return content_id(save(self))


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


# --- bytes ------------------------------------------------------------------------------------


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
    head = _HEADER.pack(MAGIC, VERSION, BASES.index(bank.base), *bank.quality, len(bank.stages))
    return head + b"".join(_save_stage(stage) for stage in bank.stages)


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
        The file, the number of stages or a tree is too large.
    """
    if len(data) > MAX_BANK_BYTES:
        raise LimitExceeded("bytes of the bank", len(data), MAX_BANK_BYTES)
    if bank_id is not None and content_id(data) != bank_id:
        raise BankMismatch(f"its id is {content_id(data)}, the payload names {bank_id}")
    reader = _Reader(data)
    magic, version, base, lowest, highest, stage_count = reader.unpack(_HEADER)
    if magic != MAGIC:
        raise BankDamaged("it does not start with RSRB")
    if version != VERSION:
        raise BankUnsupported("version", version)
    if base >= len(BASES):
        raise BankUnsupported("base codec", base)
    if not lowest <= highest <= 100:
        raise BankDamaged(f"quality range {lowest}..{highest}")
    if not 1 <= stage_count <= MAX_STAGES:
        raise LimitExceeded("stages of the bank", stage_count, MAX_STAGES)
    stages = tuple(_load_stage(reader, number) for number in range(stage_count))
    if reader.rest:
        raise BankDamaged(f"{reader.rest} bytes after the last stage")
    bank = Bank(BASES[base], (lowest, highest), stages)
    # The id is that of this file: another version of deflate would save the bank as other bytes.
    bank.__dict__["id"] = content_id(data)
    return bank


def _save_stage(stage: Stage) -> bytes:
    if isinstance(stage, ResizeStage):
        return bytes([_KIND_RESIZE, *(int(scale * SCALE_UNIT) for scale in stage.scales)])
    if isinstance(stage, BlendStage):
        return bytes([_KIND_BLEND, stage.strength])
    weights = _deflate(_pack_weights(stage.weights))
    return b"".join(
        [
            bytes([_KIND_FILTER]),
            _STAGE.pack(stage.block, stage.tree.depth),
            stage.tree.feature.astype(np.uint8).tobytes(),
            stage.tree.threshold.astype(">i4").tobytes(),
            struct.pack(">I", len(weights)),
            weights,
        ]
    )


def _load_stage(reader: _Reader, number: int) -> Stage:
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
    block, depth = reader.unpack(_STAGE)
    if block not in (BLOCKS if number == 0 else (CELL,)):
        raise BankDamaged(f"stage {number} has output blocks of {block}")
    if depth > MAX_DEPTH:
        raise LimitExceeded(f"depth of the tree of stage {number}", depth, MAX_DEPTH)
    nodes = (1 << depth) - 1
    tree = Tree(reader.array("u1", nodes), reader.array(">i4", nodes))
    if np.any(tree.feature >= len(FEATURES)):
        raise BankUnsupported(f"in stage {number} the feature", int(tree.feature.max()))
    weights = _unpack_weights(reader.inflate((1 + tree.leaves) * block**2 * PATCH**2 * 2), block)
    _check_weights(weights, number)
    return FilterStage(block, tree, weights)


def _check_weights(weights: NDArray[np.int32], number: int) -> None:
    if np.any(weights.sum(axis=1) != 1 << WEIGHT_BITS):
        raise BankDamaged(f"a filter of stage {number} does not sum to one")
    if np.any(np.abs(weights).sum(axis=1) > MAX_GAIN << WEIGHT_BITS):
        raise BankDamaged(f"a filter of stage {number} could leave the exact range")


def _pack_weights(weights: NDArray[np.int32]) -> bytes:
    """Mean filter, then each bucket's difference from it; zigzag, high bytes, low bytes."""
    filters = weights.transpose(0, 2, 1)
    mean = np.rint(filters.mean(axis=0, keepdims=True)).astype(np.int32)
    values = np.concatenate([mean, filters - mean])
    zigzag = ((values << 1) ^ (values >> 31)).astype(">u2")
    return zigzag.reshape(-1).view(np.uint8).reshape(-1, 2).T.tobytes()


def _unpack_weights(data: bytes, block: int) -> NDArray[np.int32]:
    high, low = np.frombuffer(data, np.uint8).astype(np.int32).reshape(2, -1)
    zigzag = (high << 8) | low
    values = ((zigzag >> 1) ^ -(zigzag & 1)).reshape(-1, block**2, PATCH**2)
    return np.ascontiguousarray((values[:1] + values[1:]).transpose(0, 2, 1))


def _deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(9, strategy=zlib.Z_FILTERED)
    return stream.compress(data) + stream.flush()


class _Reader:
    """Takes bytes in order, never beyond the end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._offset = data, 0

    @property
    def rest(self) -> int:
        return len(self._data) - self._offset

    def take(self, count: int) -> bytes:
        if count > self.rest:
            raise BankDamaged(f"it ends {count - self.rest} bytes early")
        self._offset += count
        return self._data[self._offset - count : self._offset]

    def unpack(self, layout: struct.Struct) -> tuple[Any, ...]:
        return layout.unpack(self.take(layout.size))

    def array(self, dtype: str, count: int) -> NDArray[np.int32]:
        return np.frombuffer(self.take(count * np.dtype(dtype).itemsize), dtype).astype(np.int32)

    def inflate(self, size: int) -> bytes:
        (length,) = struct.unpack(">I", self.take(4))
        try:
            return inflate(self.take(length), size)
        except ValueError as error:
            raise BankDamaged(f"its field of weights {error}") from error
