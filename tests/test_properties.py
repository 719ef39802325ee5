"""What holds for every image, bank and metadata, tried on examples that stay the same."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import reference
from raisr import kernels
from raisr.codecs import base_codecs
from raisr_decoder.alpha import pack_alpha, parse_alpha
from raisr_decoder.bank import Bank, load, save
from raisr_decoder.engine import NUMPY
from raisr_decoder.errors import RaisrError
from raisr_decoder.filters import BlendStage, FilterStage, LowRankStage
from raisr_decoder.limits import MAX_NOISE, MAX_PIXELS, MAX_QUALITY, MAX_RATIO, MAX_SIDE
from raisr_decoder.metadata import Metadata, pack, parse
from raisr_decoder.pipeline import restore
from raisr_decoder.shapes import BLOCKS, base_shape
from support import loud, random_bank, random_picture

Task = tuple[NDArray[np.uint8], Bank, int, tuple[int, int], NDArray[np.uint8] | None]
Knots = tuple[tuple[int, int], ...]

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

READ = (0x01, 0x02, reference.ALPHA)
SEEDS = st.integers(0, 1000)
QUALITIES = st.integers(0, MAX_QUALITY)
FILES = {codec.name: codec.encode(random_picture(1, 9, 12), 60) for codec in base_codecs()}
PAYLOADS = {
    name: pack(file, Metadata(24, 18, 60, "0123456789abcdef" * 2, 34.5, -1.5, b"no plane"))
    for name, file in FILES.items()
}
RECORD_BODY = b"\2\0\0\0\x18\0\0\0\x12\x3c" + bytes(16) + b"\1\0\0\0\2\x0d\x7a" + b"\x81\0\0\0\3abc"
BANKS = [
    save(random_bank(1, 3, stages=2, depth=1)),
    save(random_bank(2, None, depth=0, noise=((40, 0),))),
]
HEADS_AND_CONTENTS = [
    (bank[:start], zlib.decompress(bank[start:]))
    for bank, start in zip(BANKS, (22, 17), strict=True)
]


# --- pixels -----------------------------------------------------------------------------------


@st.composite
def tasks(draw: st.DrawFn, longest: int, deepest: int) -> Task:
    """A base image, a bank, a quality, the output image's shape, and perhaps an alpha plane."""
    side = st.integers(1, longest)
    bank = draw(banks(deepest))
    shape = draw(side), draw(side)
    base = draw(base_shapes(shape)) if bank.scale is None else base_shape(shape, bank.scale)
    alpha = draw(images(base))[..., 0] if draw(st.booleans()) else None
    return draw(images(base)), bank, draw(QUALITIES), shape, alpha


def base_shapes(shape: tuple[int, int]) -> st.SearchStrategy[tuple[int, int]]:
    """Shapes that the base image of an output image may have, up to twice as large as that."""
    return st.tuples(*(st.integers(-(-size // MAX_RATIO), 2 * size) for size in shape))


@st.composite
def knots(draw: st.DrawFn) -> Knots:
    """The coding noise at one to five qualities."""
    qualities = sorted(draw(st.sets(QUALITIES, min_size=1, max_size=5)))
    return tuple((quality, draw(st.integers(-MAX_NOISE, MAX_NOISE))) for quality in qualities)


@st.composite
def banks(draw: st.DrawFn, deepest: int) -> Bank:
    """Of noise, some as loud as the format allows, some with a blend stage."""
    seed, count, depth = draw(SEEDS), draw(st.integers(1, 3)), draw(st.integers(0, deepest))
    block = draw(st.sampled_from([*BLOCKS, None]))
    bank = random_bank(seed, block, count, depth=depth, noise=draw(knots()))
    stages = list(bank.stages)
    if draw(st.booleans()):
        rng = np.random.default_rng(seed)
        stages = [loud(rng, each) if isinstance(each, LowRankStage) else each for each in stages]
    if draw(st.booleans()):
        blend = BlendStage(draw(st.integers(0, 255)))
        stages.insert(draw(st.integers(1, len(stages))), blend)
    return replace(bank, stages=tuple(stages))


@st.composite
def images(draw: st.DrawFn, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """An image of shape (*shape, 3): noise, one colour, extremes at random or checkerboards."""
    rng = np.random.default_rng(draw(SEEDS))
    kind = draw(st.sampled_from(["noise", "one colour", "extremes", "checkerboard"]))
    if kind == "noise":
        return rng.integers(0, 256, (*shape, 3)).astype(np.uint8)
    if kind == "one colour":
        return np.tile(rng.integers(0, 256, 3).astype(np.uint8), (*shape, 1))
    if kind == "extremes":
        return (255 * rng.integers(0, 2, (*shape, 3))).astype(np.uint8)
    sizes = rng.integers(1, 5, 3)
    row, column = np.indices(shape)
    squares = [(row // size + column // size) % 2 for size in sizes]
    return (255 * np.stack(squares, axis=2)).astype(np.uint8)


@given(tasks(longest=40, deepest=5))
@settings(max_examples=60)
def test_numba_gives_the_pixels_of_numpy(task: Task) -> None:
    base, bank, quality, shape, alpha = task
    filters = bank.filters(quality)
    expected = restore(base, filters, shape, alpha, NUMPY)
    assert (restore(base, filters, shape, alpha, kernels.engine()) == expected).all()


@given(tasks(longest=7, deepest=2))
@settings(max_examples=60)
def test_numpy_gives_the_pixels_of_the_format(task: Task) -> None:
    base, bank, quality, shape, alpha = task
    metadata = reference.Metadata(shape[1], shape[0], quality, None)
    if alpha is not None:
        metadata.fields[reference.ALPHA] = pack_alpha(alpha)
        assert (parse_alpha(pack_alpha(alpha), alpha.shape) == alpha).all()
    expected = reference.restore(base, reference.parse_bank(save(bank)), metadata)
    assert restore(base, bank.filters(quality), shape, alpha).tolist() == expected


# --- bytes ------------------------------------------------------------------------------------


measures = st.none() | st.integers(-(2**15), 2**15 - 1).map(lambda hundredths: hundredths / 100)
# The long ones fill one or two JPEG segments to the brim.
alphas = st.none() | st.binary(max_size=40) | st.integers(65_400, 131_100).map(bytes)


@st.composite
def metadata(draw: st.DrawFn) -> Metadata:
    width = draw(st.integers(1, MAX_SIDE))
    height = draw(st.integers(1, min(MAX_SIDE, MAX_PIXELS // width)))
    bank = draw(st.none() | st.binary(min_size=16, max_size=16).filter(any).map(bytes.hex))
    quality = draw(QUALITIES)
    return Metadata(width, height, quality, bank, draw(measures), draw(measures), draw(alphas))


@given(st.sampled_from(sorted(FILES)), metadata())
def test_metadata_survives_a_round_trip_in_every_container(
    container: str, metadata: Metadata
) -> None:
    payload = pack(FILES[container], metadata)
    assert parse(payload) == metadata
    assert_same_metadata(reference.parse_payload(payload), metadata)


@st.composite
def mutations(draw: st.DrawFn, sources: list[bytes]) -> bytes:
    """One of the sources, with some stretches of bytes replaced, removed or put in."""
    data = draw(st.sampled_from(sources))
    for _ in range(draw(st.integers(1, 3))):
        # Most of what can go wrong is at the ends.
        start = draw(st.integers(0, len(data)) | st.integers(0, min(64, len(data))))
        stop = draw(st.integers(start, min(start + 8, len(data))) | st.just(len(data)))
        fill = st.sampled_from([b"", b"\0", b"\1", b"\x7f", b"\x80", b"\xff", b"\xff\xff\xff\xff"])
        data = data[:start] + draw(fill | st.binary(max_size=8)) + data[stop:]
    return data


@given(mutations(sorted(PAYLOADS.values())))
@settings(max_examples=400)
def test_a_mutated_payload_is_refused_or_read_as_the_format_says(payload: bytes) -> None:
    assert_read_alike(payload)


@given(mutations([RECORD_BODY]))
@settings(max_examples=300)
def test_a_mutated_record_is_refused_or_read_as_the_format_says(body: bytes) -> None:
    record = body + zlib.crc32(body).to_bytes(4, "big")
    chunk = len(record).to_bytes(4, "big") + b"raSR" + record + bytes(4)
    assert_read_alike(FILES["png"][:33] + chunk + FILES["png"][33:])


def assert_same_metadata(expected: reference.Metadata, actual: Metadata) -> None:
    measured = {0x01: actual.psnr, 0x02: actual.score}
    fields = {
        tag: round(value * 100).to_bytes(2, "big", signed=True)
        for tag, value in measured.items()
        if value is not None
    }
    if actual.alpha is not None:
        fields[reference.ALPHA] = actual.alpha
    assert (expected.rows, expected.columns) == actual.shape
    assert expected.quality == actual.quality
    assert (expected.bank and expected.bank.hex()) == actual.bank
    assert {tag: expected.fields[tag] for tag in expected.fields if tag in READ} == fields


def refused(parser: Callable[[bytes], object], data: bytes) -> bool:
    try:
        parser(data)
    except ValueError:
        return True
    return False


def assert_read_alike(payload: bytes) -> None:
    try:
        metadata = parse(payload)
    except RaisrError:
        assert refused(reference.parse_payload, payload)
    else:
        assert_same_metadata(reference.parse_payload(payload), metadata)


@given(mutations(BANKS))
@settings(max_examples=300)
def test_a_mutated_bank_is_refused_or_read_as_the_format_says(data: bytes) -> None:
    assert_bank_read_alike(data)


@given(st.sampled_from(HEADS_AND_CONTENTS), st.data())
@settings(max_examples=300)
def test_a_bank_of_mutated_content_is_refused_or_read_as_the_format_says(
    head_and_content: tuple[bytes, bytes], data: st.DataObject
) -> None:
    head, content = head_and_content
    assert_bank_read_alike(head + zlib.compress(data.draw(mutations([content]))))


def assert_bank_read_alike(data: bytes) -> None:
    try:
        bank = load(data)
    except RaisrError:
        assert refused(reference.parse_bank, data)
        return
    expected = reference.parse_bank(data)
    assert expected.id.hex() == bank.id
    assert tuple(expected.knots) == bank.noise
    noise = reference.noise_at(50, expected.knots)
    for one, other in zip(expected.stages, bank.filters(50).stages, strict=True):
        assert type(one).__name__ == type(other).__name__
        if isinstance(one, reference.FilterStage) and isinstance(other, FilterStage):
            assert other.weights[-1].T.tolist() == reference.expand(one, 2**one.depth - 1, noise)
