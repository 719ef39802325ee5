"""Keep the smallest cases that reach what a campaign has reached: `python -m fuzz.distil FOLDER`.

What the decoder's lines are followed by, one after the other, tells how far a case gets.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Any

import raisr_decoder
from fuzz.seeds import CORPUS, seeds
from fuzz.targets import Finding, try_case

DECODER = str(Path(raisr_decoder.__file__).parent)
LARGEST = 4096
"""Bytes of a case that is worth a place in the repository."""

Step = tuple[str, int, int]


def main(folders: Iterable[str]) -> None:
    paths = [path for folder in folders for path in Path(folder).iterdir() if path.is_file()]
    cases = sorted({path.read_bytes() for path in paths}, key=lambda case: (len(case), case))
    known: set[Step] = set()
    for case in seeds():
        known |= steps_of(case)
    CORPUS.mkdir(exist_ok=True)
    for case in cases:
        if len(case) > LARGEST:
            break
        new = steps_of(case) - known
        if new:
            known |= new
            (CORPUS / sha256(case).hexdigest()[:16]).write_bytes(case)


def steps_of(case: bytes) -> set[Step]:
    """The lines of the decoder that follow one another in a case."""
    steps: set[Step] = set()
    last: dict[FrameType, int] = {}

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(DECODER):
            return None
        if event == "line":
            steps.add((frame.f_code.co_filename, last.get(frame, 0), frame.f_lineno))
            last[frame] = frame.f_lineno
        return trace

    sys.settrace(trace)
    try:
        with suppress(Finding):
            try_case(case)
    finally:
        sys.settrace(None)
    return steps


if __name__ == "__main__":
    main(sys.argv[1:])
