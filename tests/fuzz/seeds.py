"""Cases to start from: the conformance vectors, and what earlier campaigns kept."""

from __future__ import annotations

from pathlib import Path

from fuzz.mutations import case_of
from support import read_vectors

CORPUS = Path(__file__).parent / "corpus"
FINDINGS = Path(__file__).parent / "findings"


def seeds() -> list[bytes]:
    """Cases that are decoded, and those that the corpus and the findings hold."""
    vectors = [case_of(vector.bank or b"", vector.payload) for vector in read_vectors()]
    return vectors + [path.read_bytes() for path in kept()]


def kept() -> list[Path]:
    """Files of cases: smallest ones that together reach what a campaign has reached, findings."""
    return sorted(path for folder in (CORPUS, FINDINGS) for path in folder.glob("*"))
