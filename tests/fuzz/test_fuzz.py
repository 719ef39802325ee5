"""Hostile payloads and banks: a few thousand here, any number by `make fuzz`."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from fuzz.containers import put_together, take_apart
from fuzz.mutations import bank_and_payload, mutated, with_bank_id
from fuzz.seeds import kept, seeds
from fuzz.targets import Finding, try_case
from raisr_decoder.color import compose
from support import Vector, read_vectors

pytestmark = pytest.mark.slow

CASES = 2000


@pytest.mark.parametrize("vector", read_vectors(), ids=lambda vector: vector.name)
def test_files_come_apart_and_together_again(vector: Vector) -> None:
    payload = vector.payload
    assert put_together(take_apart(payload), payload) == payload
    assert len(take_apart(payload)) > 1
    assert with_bank_id(vector.bank or b"", payload) == payload


@pytest.mark.parametrize("path", kept(), ids=lambda path: path.name)
def test_what_campaigns_have_kept(path: Path) -> None:
    try_case(path.read_bytes())


def try_mutated() -> Counter[str]:
    """How often each outcome occurred."""
    rng, start = Random(1), seeds()
    return Counter(try_case(mutated(rng.choice(start), rng)).name for _ in range(CASES))


def test_mutated_cases_are_refused_or_decoded() -> None:
    outcomes = try_mutated()
    # Some pass the checks of containers, metadata and banks; each check refuses some.
    assert outcomes["decoded"] > CASES / 10
    assert {
        "BankDamaged",
        "BankMismatch",
        "BankUnsupported",
        "ContainerDamaged",
        "LimitExceeded",
        "ImageUnreadable",
        "MetadataDamaged",
        "MetadataMissing",
        "MetadataUnsupported",
    } <= set(outcomes)


def differences(sums: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.diff(sums, axis=1, prepend=0).astype(np.int32)


@pytest.mark.parametrize(
    ("where", "fault"),
    [
        ("raisr_decoder.metadata._check_size", lambda *_: None),
        ("raisr_decoder.metadata._fields", lambda _: iter(())),
        ("raisr_decoder.alpha.inflate", lambda data, _: zlib.decompress(data)),
        ("raisr_decoder.bank.inflate", lambda data, _: zlib.decompress(data)),
        ("raisr_decoder.bank._check_mean", lambda *_: None),
        ("raisr_decoder.filters.weights_of_sums", lambda sums, _: differences(np.floor(sums))),
        ("raisr.kernels.compose", lambda luma, color: compose(luma, color) ^ 1),
    ],
)
def test_a_fault_of_the_decoder_is_found(
    monkeypatch: pytest.MonkeyPatch, where: str, fault: Callable[..., object]
) -> None:
    monkeypatch.setattr(where, fault)
    with pytest.raises((Finding, ValueError, zlib.error)):
        try_mutated()


def test_a_case_holds_a_bank_and_a_payload() -> None:
    vector = next(vector for vector in read_vectors() if vector.bank)
    case = next(case for case in seeds() if vector.payload in case)
    assert bank_and_payload(case) == (vector.bank, vector.payload)
