"""Every vector through every implementation, equal to the byte; and FORMAT.md's own example."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import reference
from raisr import kernels
from raisr_decoder.engine import NUMPY
from raisr_decoder.metadata import pack, parse
from support import VECTORS, Vector, assert_same_pixels, decode, read_vectors

FORMAT = Path(__file__).parent.parent / "wasm_decoder" / "FORMAT.md"

Decoder = Callable[[Vector], NDArray[np.uint8]]


def by_reference(vector: Vector) -> NDArray[np.uint8]:
    metadata = reference.parse_payload(vector.payload)
    bank = reference.NO_BANK if vector.bank is None else reference.parse_bank(vector.bank)
    assert bank.id == (metadata.bank or bytes(16))
    return np.array(reference.restore(vector.base, bank, metadata), np.uint8)


DECODERS = {
    "reference": by_reference,
    "numpy": partial(decode, engine=NUMPY),
    "numba": partial(decode, engine=kernels.engine()),
}


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("vector", read_vectors(), ids=lambda vector: vector.name)
def test_the_pixels_are_the_only_right_ones(vector: Vector, decoder: str, tmp_path: Path) -> None:
    actual = DECODERS[decoder](vector)
    assert actual.dtype == np.uint8
    assert_same_pixels(actual, vector.expected, tmp_path, f"{vector.name} by {decoder}")


def test_the_format_shows_the_bytes_of_a_real_payload() -> None:
    shown = [line.strip() for line in FORMAT.read_text().splitlines()]
    payload = (VECTORS / "x2-jpeg.jpg").read_bytes()
    assert pack(payload, parse(payload)) == payload
    dump = hexdump(payload[:80])
    assert dump[0] in shown
    start = shown.index(dump[0])
    assert shown[start : start + len(dump)] == dump


def hexdump(data: bytes) -> list[str]:
    """Lines as `hexdump -C` prints them."""
    lines = []
    for offset in range(0, len(data), 16):
        row = data[offset : offset + 16]
        digits = f"{row[:8].hex(' '):<23}  {row[8:].hex(' '):<23}"
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        lines.append(f"{offset:08x}  {digits}  |{text}|")
    return lines
