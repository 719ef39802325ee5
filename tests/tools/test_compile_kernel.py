from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from raisr.kernels import hashing, jit
from raisr_decoder.compiled import LIBRARY
from tools import compile_kernel
from tools.errors import LinkerMissing

pytestmark = pytest.mark.slow

PROVENANCE = json.loads(LIBRARY.with_suffix(".json").read_text())


def test_the_shipped_library_is_compiled_from_these_sources() -> None:
    assert PROVENANCE["fingerprint"] == compile_kernel.sources_fingerprint(), "run `make kernel`"


def test_a_changed_constant_of_the_decoder_makes_the_library_stale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hashing, "WINDOW", (1, 2, 3, 3, 2, 1))
    monkeypatch.setattr(jit, "revision", jit.revision.__wrapped__)
    assert PROVENANCE["fingerprint"] != compile_kernel.sources_fingerprint()


def test_the_shipped_library_can_be_reproduced(tmp_path: Path) -> None:
    try:
        tools = compile_kernel.provenance(compile_kernel.find_linker())
    except LinkerMissing as missing:
        pytest.skip(str(missing))
    if tools != PROVENANCE:
        pytest.skip(f"the shipped library was made with {PROVENANCE}, here are {tools}")
    settings = {"NUMBA_OPT": "0", "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "tools.compile_kernel", tmp_path]
    subprocess.run(command, env={**os.environ, **settings}, check=True)
    assert (tmp_path / LIBRARY.name).read_bytes() == LIBRARY.read_bytes()


def test_a_missing_linker_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(LinkerMissing, match="lld"):
        compile_kernel.find_linker()
