"""Cases (a bank and a payload) and hostile mutations of them, as deep as the formats go.

A case is one string of bytes: the length of the bank (4), the bank, the payload.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from random import Random

import numpy as np

from fuzz.containers import (
    JPEG,
    NESTING,
    PNG,
    REST,
    RIFF,
    Part,
    boxes,
    file_of,
    put_together,
    take_apart,
)
from raisr_decoder.bank import BASES, Bank, load, save
from raisr_decoder.cells import PATCH
from raisr_decoder.errors import RaisrError
from raisr_decoder.features import FEATURES
from raisr_decoder.filters import (
    MAX_SHIFT,
    WEIGHT_BITS,
    BlendStage,
    LowRankStage,
    ResizeStage,
)
from raisr_decoder.limits import MAX_GAIN, MAX_RANK
from raisr_decoder.shapes import BLOCKS
from raisr_decoder.tree import Tree

Raw = Callable[[bytes], bytes]
Mutation = Callable[[bytes, bytes, Random, Raw], tuple[bytes, bytes]]

UUID = bytes.fromhex("7261697372004c9bb1a95f2d1b6c8e03")
JPEG_NAME = b"RAISR\0"
QUALITY, BANK_ID, HEADER, CHECKSUM = 9, 10, 26, 4
ALPHA = 0x81
SIZES = (0, 1, 2, 3, 7, 8, 64, 255, 256, 4096, 16384, 65535, 65536, 1 << 24, (1 << 31) - 1)
NUMBERS = (*SIZES, 1 << 31, (1 << 32) - 1, (1 << 32) - 8, (1 << 63) - 1, (1 << 64) - 1)
INT32 = (-(1 << 31), -1, 0, 1, (1 << 31) - 1)
INT8 = (-128, -127, -1, 0, 1, 127)
QUALITIES = (0, 1, 99, 100, 101, 255)
KNOTS, HEAD_BYTES = 6, {0: 2, 1: 3, 2: 1}
"""Place of the number of knots in a bank; bytes of a stage's head behind its kind."""

BOMB = zlib.compress(bytes(1 << 20), 9)


def case_of(bank: bytes, payload: bytes) -> bytes:
    return len(bank).to_bytes(4, "big") + bank + payload


def bank_and_payload(case: bytes) -> tuple[bytes, bytes]:
    size = int.from_bytes(case[:4], "big")
    return case[4 : 4 + size], case[4 + size :]


def mutated(case: bytes, rng: Random, raw: Raw | None = None) -> bytes:
    """A case with one to three mutations, whose checksums and bank id are mostly correct.

    Parameters
    ----------
    case : bytes
    rng : Random
        Decides everything, unless `raw` does.
    raw : callable, optional
        Mutates bytes of no known structure.
    """
    bank, payload = bank_and_payload(case)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        mutate = rng.choice(MUTATIONS)
        bank, payload = mutate(bank, payload, rng, raw or (lambda data: edited(data, rng)))
    return case_of(bank, payload if rng.random() < 0.1 else with_bank_id(bank, payload))


def edited(data: bytes, rng: Random) -> bytes:
    """Bytes with one of them changed, a number put over some, or a stretch lost or repeated."""
    start = rng.randrange(len(data) + 1)
    stop = min(len(data), start + rng.choice((1, 1, 2, 4, 8, 64)))
    match rng.randrange(6):
        case 0:
            fill = bytes([data[start] ^ 1 << rng.randrange(8)]) if start < len(data) else b"\0"
            stop = start + 1
        case 1:
            fill = rng.randbytes(stop - start)
        case 2:
            fill = b""
        case 3:
            fill = data[start:stop] * rng.choice((2, 3, 50))
        case 4:
            fill = rng.randbytes(rng.choice((1, 2, 4, 8)))
            stop = start
        case _:
            size = rng.choice((1, 2, 4, 8))
            number = rng.choice(NUMBERS) % (1 << 8 * size)
            fill = number.to_bytes(size, rng.choice(("big", "little")))
            stop = start + size
    return data[:start] + fill + data[stop:]


# --- payloads ---------------------------------------------------------------------------------


def bytes_of_payload(bank: bytes, payload: bytes, _rng: Random, raw: Raw) -> tuple[bytes, bytes]:
    return bank, raw(payload)


def content_of_part(bank: bytes, payload: bytes, rng: Random, raw: Raw) -> tuple[bytes, bytes]:
    parts = take_apart(payload)
    if parts:
        place = rng.randrange(len(parts))
        parts[place] = _with_content(parts[place], rng, raw)
    return bank, put_together(parts, payload)


def order_of_parts(bank: bytes, payload: bytes, rng: Random, _raw: Raw) -> tuple[bytes, bytes]:
    parts = take_apart(payload)
    if parts:
        _shuffle(parts, rng)
    return bank, put_together(parts, payload)


def stated_length(bank: bytes, payload: bytes, rng: Random, _raw: Raw) -> tuple[bytes, bytes]:
    """One part states another length than it has; in AVIF perhaps one of 8 bytes."""
    parts = take_apart(payload)
    if not parts:
        return bank, payload
    place = rng.randrange(len(parts))
    start = len(put_together(parts[:place], payload))
    number = rng.choice((*NUMBERS, len(payload) - start, len(payload), start))
    if payload.startswith(JPEG):
        at, stated = start + 2, (number % (1 << 16)).to_bytes(2, "big")
    elif payload.startswith(RIFF):
        at, stated = start + 4, (number % (1 << 32)).to_bytes(4, "little")
    else:
        at, stated = start, (number % (1 << 32)).to_bytes(4, "big")
        if not payload.startswith(PNG) and rng.random() < 0.5:
            kind = payload[start + 4 : start + 8]
            stated = b"\0\0\0\1" + kind + number.to_bytes(8, "big")
    return bank, payload[:at] + stated + payload[at + len(stated) :]


def file_in_file(bank: bytes, payload: bytes, rng: Random, _raw: Raw) -> tuple[bytes, bytes]:
    """The payload once more: behind itself, or as what one of its parts contains."""
    parts = take_apart(payload)
    if not parts or rng.random() < 0.3:
        return bank, payload + payload
    kind = rng.choice(parts).kind
    parts.insert(rng.randrange(len(parts) + 1), Part(kind, payload))
    return bank, put_together(parts, payload)


def _with_content(part: Part, rng: Random, raw: Raw) -> Part:
    if part.kind in NESTING and rng.random() < 0.8:
        start = NESTING[part.kind]
        inner = boxes(part.content[start:])
        if inner:
            if rng.random() < 0.3:
                _shuffle(inner, rng)
            else:
                place = rng.randrange(len(inner))
                inner[place] = _with_content(inner[place], rng, raw)
        return Part(part.kind, part.content[:start] + file_of(inner))
    return Part(part.kind, raw(part.content))


def _shuffle(parts: list[Part], rng: Random) -> None:
    """Take a part away, put one in twice or elsewhere, or give it another's kind."""
    place, other = rng.randrange(len(parts)), rng.randrange(len(parts))
    match rng.randrange(5):
        case 0:
            del parts[place]
        case 1:
            parts.insert(other, parts[place])
        case 2:
            parts.insert(other, parts.pop(place))
        case 3:
            parts[place] = replace(parts[place], kind=parts[other].kind)
        case _:
            parts[place:place] = [parts[place]] * rng.choice((10, 300))


# --- metadata ----------------------------------------------------------------------------------


def record_of(payload: bytes) -> bytes:
    """The metadata as it stands, checksum included; empty where there is none."""
    mark = _mark(payload)
    return b"".join(
        part.content[len(mark) :] for part in take_apart(payload) if _is_record(part, payload)
    )


def with_record(payload: bytes, pieces: list[bytes]) -> bytes:
    """The payload with these pieces in place of its metadata."""
    old = take_apart(payload)
    kept = [part for part in old if not _is_record(part, payload)]
    place = next((i for i, part in enumerate(old) if _is_record(part, payload)), 1)
    kind, mark = _kind(payload), _mark(payload)
    kept[place:place] = [Part(kind, mark + piece) for piece in pieces]
    return put_together(kept, payload)


def with_bank_id(bank: bytes, payload: bytes) -> bytes:
    """The payload with the id of this bank in its metadata, if any, and a correct checksum."""
    body = record_of(payload)[:-CHECKSUM]
    if len(body) < HEADER:
        return payload
    bank_id = hashlib.sha256(bank).digest()[:16] if bank else bytes(16)
    return with_record(payload, [sealed(body[:BANK_ID] + bank_id + body[HEADER:])])


def sealed(body: bytes) -> bytes:
    return body + zlib.crc32(body).to_bytes(CHECKSUM, "big")


def header_of_record(bank: bytes, payload: bytes, rng: Random, _raw: Raw) -> tuple[bytes, bytes]:
    """Another quality or size of the output image: close to the old one, a multiple, any number."""
    body = record_of(payload)[:-CHECKSUM]
    if len(body) < HEADER:
        return bank, payload
    version, *sides, quality = struct.unpack(">BIIB", body[:BANK_ID])
    if rng.random() < 0.5:
        quality = rng.choice((*QUALITIES, *3 * [rng.randrange(101)]))
        head = struct.pack(">BIIB", version, *sides, quality)
        return bank, with_record(payload, [sealed(head + body[BANK_ID:])])
    for axis in range(2):
        match rng.randrange(4):
            case 0:
                sides[axis] = (sides[axis] + rng.randrange(-3, 4)) % (1 << 32)
            case 1:
                factor = Fraction(rng.choice((1, 2, 3, 4, 8, 9, 16, 300)), rng.choice((1, 2, 8)))
                sides[axis] = int(sides[axis] * factor) % (1 << 32)
            case 2:
                sides[axis] = rng.choice(NUMBERS) % (1 << 32)
    if rng.random() < 0.05:
        version = rng.randrange(256)
    head = struct.pack(">BIIB", version, *sides, quality)
    return bank, with_record(payload, [sealed(head + body[BANK_ID:])])


def fields_of_record(bank: bytes, payload: bytes, rng: Random, raw: Raw) -> tuple[bytes, bytes]:
    body = record_of(payload)[:-CHECKSUM]
    if len(body) < HEADER:
        return bank, payload
    fields = _fields(body[HEADER:])
    content = rng.choice(fields)[1] if fields else b""
    match rng.randrange(4):
        case 0:
            content = raw(content)
        case 1:
            content = rng.choice((b"", BOMB, zlib.compress(content), rng.randbytes(2)))
        case 2 if fields:
            fields.remove(rng.choice(fields))
        case 3:
            content = _redone(content, raw)
    tag = rng.choice((1, 2, ALPHA, ALPHA, ALPHA, 3, 0x7F, 0x80, 0xFF))
    fields.insert(rng.randrange(len(fields) + 1), (tag, content))
    length = rng.choice(NUMBERS) % (1 << 32) if rng.random() < 0.1 else None
    packed = [
        struct.pack(">BI", tag, len(content) if length is None else length) + content
        for tag, content in fields
    ]
    return bank, with_record(payload, [sealed(body[:HEADER] + b"".join(packed))])


def pieces_of_record(bank: bytes, payload: bytes, rng: Random, _raw: Raw) -> tuple[bytes, bytes]:
    """The metadata in several pieces, some perhaps empty, swapped or there twice."""
    record = record_of(payload)
    cuts = sorted(rng.randrange(len(record) + 1) for _ in range(rng.choice((1, 2, 40))))
    pieces = [record[a:b] for a, b in zip([0, *cuts], [*cuts, len(record)], strict=True)]
    if rng.random() < 0.5:
        pieces.insert(rng.randrange(len(pieces) + 1), rng.choice(pieces))
    return bank, with_record(payload, pieces)


def _fields(data: bytes) -> list[tuple[int, bytes]]:
    fields, at = [], 0
    while at + 5 <= len(data):
        tag, length = struct.unpack_from(">BI", data, at)
        fields.append((tag, data[at + 5 : at + 5 + length]))
        at += 5 + length
    return fields


def _redone(stream: bytes, raw: Raw) -> bytes:
    """A zlib stream whose content is mutated."""
    try:
        return zlib.compress(raw(zlib.decompress(stream)), 1)
    except zlib.error:
        return zlib.compress(stream, 1)


def _kind(payload: bytes) -> bytes:
    if payload.startswith(JPEG):
        return b"\xea"
    return b"raSR" if payload.startswith(PNG) else b"RAIS" if payload.startswith(RIFF) else b"uuid"


def _mark(payload: bytes) -> bytes:
    if payload.startswith(JPEG):
        return JPEG_NAME
    return b"" if payload.startswith((PNG, RIFF)) else UUID


def _is_record(part: Part, payload: bytes) -> bool:
    return part.kind == _kind(payload) != REST and part.content.startswith(_mark(payload))


# --- banks ------------------------------------------------------------------------------------


def bytes_of_bank(bank: bytes, payload: bytes, rng: Random, raw: Raw) -> tuple[bytes, bytes]:
    """Its first bytes, where sizes and kinds are, or any."""
    start = rng.choice((len(bank), 13, 40))
    return raw(bank[:start]) + bank[start:], payload


def head_of_bank(bank: bytes, payload: bytes, rng: Random, _raw: Raw) -> tuple[bytes, bytes]:
    """Other knots, or a filter stage of other sizes, perhaps with the content of such a stage."""
    place = _stream_of(bank)
    if not place:
        return bank, payload
    head = bytearray(bank[:place])
    knots = 7 + 2 * head[KNOTS]
    if rng.random() < 0.4 and knots > 7:
        number = rng.randrange(7, knots)
        head[number] = rng.choice((*QUALITIES, *(each % 256 for each in (-128, -65, -64, 64, 65))))
        return bytes(head) + bank[place:], payload
    sizes = [at + 1 for at in _heads_of(head)[:-1] if head[at] == 1]
    if not sizes:
        return bank, payload
    at = rng.choice(sizes)
    head[at] = rng.choice((head[at], *BLOCKS))
    head[at + 1] = rng.choice((head[at + 1], 0, 1, 8, 9, 10, 11, 31, 255))
    head[at + 2] = rng.choice((head[at + 2], 0, 1, MAX_RANK - 1, MAX_RANK, MAX_RANK + 1, 255))
    if rng.random() < 0.5 and all(head[at + 1] <= 10 for at in sizes):
        return bytes(head) + zlib.compress(_blank_content(head, sizes), 1), payload
    return bytes(head) + bank[place:], payload


def stream_of_bank(bank: bytes, payload: bytes, rng: Random, raw: Raw) -> tuple[bytes, bytes]:
    """Content that is mutated, longer or shorter; a stream that breaks off or has others behind."""
    place = _stream_of(bank)
    stream = bank[place:]
    match rng.randrange(6):
        case 0:
            stream = rng.choice((b"", BOMB, stream + b"\0", stream + stream, stream[:-1]))
        case 1:
            stream = stream[: rng.randrange(len(stream) + 1)]
        case _:
            stream = _redone(stream, raw)
    return bank[:place] + stream, payload


def values_of_bank(bank: bytes, payload: bytes, rng: Random, _raw: Raw) -> tuple[bytes, bytes]:
    """Hostile values in a bank that is saved as training saves one."""
    try:
        loaded = load(bank)
    except RaisrError:
        return bank, payload
    noise, stages = loaded.noise, list(loaded.stages)
    place = rng.randrange(len(stages))
    match rng.randrange(6), stages[place]:
        case 0, _:
            blend = BlendStage(rng.choice((0, 1, 16, 128, 255)))
            made = rng.choice((ResizeStage(), blend, stages[place]))
            stages.insert(rng.randrange(len(stages) + 1), made)
        case 1, _ if len(stages) > 1:
            stages.insert(rng.randrange(len(stages)), stages.pop(place))
        case 2, _:
            noise = _hostile_knots(rng)
        case 3, LowRankStage() as stage:
            stages[place] = replace(stage, tree=_hostile_tree(stage.tree, rng))
        case 4, LowRankStage() as stage:
            stages[place] = _hostile_mean(stage, rng)
        case _, LowRankStage() as stage:
            stages[place] = _hostile_basis(stage, rng)
    return save(Bank(rng.choice(BASES), noise, tuple(stages))), payload


def _heads_of(bank: bytes | bytearray) -> list[int]:
    """Where the heads of the stages start, and where the last one ends; none if they break off."""
    start = 7 + 2 * bank[KNOTS] if len(bank) > KNOTS else len(bank)
    if start >= len(bank):
        return []
    places = [start + 1]
    for _ in range(bank[start]):
        at = places[-1]
        if at >= len(bank) or bank[at] not in HEAD_BYTES:
            return []
        places.append(at + 1 + HEAD_BYTES[bank[at]])
    return places if places[-1] <= len(bank) else []


def _stream_of(bank: bytes) -> int:
    """Where the stream of a bank starts; 0 where that cannot be told."""
    places = _heads_of(bank)
    return places[-1] if places else 0


def _blank_content(head: bytearray, sizes: list[int]) -> bytes:
    """Content for stages of these sizes, with filters that copy a tap."""
    content = b""
    for at in sizes:
        block, depth, rank = head[at : at + 3]
        nodes, outputs = (1 << depth) - 1, block**2
        mean = outputs * (b"\2" + bytes(PATCH**2 - 1)) + bytes(outputs * PATCH**2)
        content += bytes(5 * nodes) + mean + bytes(rank * (1 + PATCH**2 * outputs))
        content += bytes((rank << depth) * (2 if head[KNOTS] > 1 else 1))
    return content


def _hostile_knots(rng: Random) -> tuple[tuple[int, int], ...]:
    """Few or many, mostly in order and within limits."""
    count = rng.choice((1, 2, 2, 3, 32, 33))
    qualities = sorted(rng.sample(range(101), count))
    if rng.random() < 0.2:
        qualities[rng.randrange(count)] = rng.choice(QUALITIES)
    noise = [rng.choice((-64, 64, rng.randrange(-64, 65))) for _ in qualities]
    if rng.random() < 0.1:
        noise[rng.randrange(count)] = rng.choice((-128, -65, 65, 127))
    return tuple(zip(qualities, noise, strict=True))


def _hostile_tree(tree: Tree, rng: Random) -> Tree:
    feature, threshold = tree.feature.copy(), tree.threshold.copy()
    for node in range(len(feature)):
        if rng.random() < 0.3:
            feature[node] = rng.randrange(len(FEATURES))
        if rng.random() < 0.3:
            threshold[node] = rng.choice((*INT32, rng.randrange(-(1 << 31), 1 << 31)))
    if len(feature) and rng.random() < 0.1:
        feature[rng.randrange(len(feature))] = rng.choice((len(FEATURES), 255))
    return Tree(feature, threshold)


def _hostile_mean(stage: LowRankStage, rng: Random) -> LowRankStage:
    """Filters of the greatest gain that is allowed, and now and then of more."""
    mean = stage.mean.copy()
    taps, outputs = mean.shape
    one = 1 << WEIGHT_BITS
    excess = (MAX_GAIN - 1) // 2 * one + rng.choice((0, 0, 0, 1, one))
    for _ in range(rng.choice((1, outputs))):
        output = rng.randrange(outputs)
        plus, minus = rng.sample(range(taps), 2)
        mean[:, output] = 0
        mean[plus, output] = one + excess
        mean[minus, output] = -excess
    return replace(stage, mean=mean)


def _hostile_basis(stage: LowRankStage, rng: Random) -> LowRankStage:
    """Any rank, the greatest basis filters and coefficients; now and then sums that are not 0."""
    _, taps, outputs = stage.basis.shape
    rank = rng.choice((0, 1, 2, MAX_RANK, MAX_RANK, MAX_RANK + 1))
    signs = np.array(rng.sample([1, -1] * (taps // 2), taps), np.int8)
    basis = np.zeros((rank, taps, outputs), np.int8)
    basis[:] = (rng.choice((1, 64, 127)) * signs)[:, None]
    shift = np.array([rng.choice((0, 0, 1, MAX_SHIFT)) for _ in range(rank)], np.uint8)
    if rank and rng.random() < 0.1:
        basis[rng.randrange(rank), rng.randrange(taps), rng.randrange(outputs)] = rng.choice(INT8)
    if rank and rng.random() < 0.1:
        shift[rng.randrange(rank)] = rng.choice((MAX_SHIFT + 1, 255))
    constant, slope = (
        np.array([rng.choice(INT8) for _ in range(rank * stage.tree.leaves)], np.int8)
        for _ in range(2)
    )
    shape = stage.tree.leaves, rank
    return replace(
        stage,
        basis=basis,
        shift=shift,
        constant=constant.reshape(shape),
        slope=slope.reshape(shape),
    )


MUTATIONS: tuple[Mutation, ...] = (
    bytes_of_payload,
    content_of_part,
    content_of_part,
    order_of_parts,
    stated_length,
    file_in_file,
    header_of_record,
    header_of_record,
    fields_of_record,
    fields_of_record,
    pieces_of_record,
    bytes_of_bank,
    head_of_bank,
    stream_of_bank,
    values_of_bank,
    values_of_bank,
)
