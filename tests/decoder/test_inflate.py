from __future__ import annotations

import tracemalloc
import zlib

import pytest

from raisr_decoder.inflate import inflate

CONTENT = b"what a stream holds"
STREAM = zlib.compress(CONTENT)


@pytest.mark.parametrize("content", [b"", CONTENT, bytes(100_000)])
def test_a_stream_gives_its_content(content: bytes) -> None:
    assert inflate(zlib.compress(content), len(content)) == content


@pytest.mark.parametrize("size", [0, len(CONTENT) - 1, len(CONTENT) + 1, 1 << 40])
def test_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="inflate to"):
        inflate(STREAM, size)


def test_every_truncation_is_refused() -> None:
    for end in range(len(STREAM)):
        with pytest.raises(ValueError, match="inflate"):
            inflate(STREAM[:end], len(CONTENT))


def test_bytes_behind_the_stream_are_refused() -> None:
    for behind in (b"\0", STREAM):
        with pytest.raises(ValueError, match="ends early"):
            inflate(STREAM + behind, len(CONTENT))


@pytest.mark.parametrize(
    "stream", [b"no zlib stream", STREAM[:-1] + b"\0", zlib.compress(CONTENT, wbits=-15)]
)
def test_garbage_is_refused(stream: bytes) -> None:
    with pytest.raises(ValueError, match="inflate"):
        inflate(stream, len(CONTENT))


def test_a_stream_that_needs_a_dictionary_is_refused() -> None:
    machine = zlib.compressobj(zdict=CONTENT)
    stream = machine.compress(CONTENT) + machine.flush()
    with pytest.raises(ValueError, match="inflate"):
        inflate(stream, len(CONTENT))


def test_a_bomb_is_not_inflated() -> None:
    bomb = zlib.compress(bytes(1 << 26), 9)
    tracemalloc.start()
    with pytest.raises(ValueError, match="inflate to"):
        inflate(bomb, 1000)
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()
