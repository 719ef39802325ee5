"""What can go wrong in building. Each error carries its data and says what to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from raisr_decoder.errors import RaisrError


class PieceMissing(RaisrError):
    """A file that the page's runtime is made of is not where set-up puts it."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is missing: run `make setup`")
        self.path = path


@dataclass(frozen=True)
class Attempt:
    """A source that was tried for a wheel, and why it gave none."""

    source: str
    problem: str


class WheelUnavailable(RaisrError):
    """No source has the wheel with the content that Pyodide's lock file names."""

    def __init__(self, file_name: str, sha256: str, attempts: tuple[Attempt, ...]) -> None:
        tried = "".join(f"\n  {attempt.source}: {attempt.problem}" for attempt in attempts)
        super().__init__(
            f"no source has {file_name} with SHA-256 {sha256}. Tried:{tried}\n"
            "Put that file into a folder and name the folder with RAISR_WHEELS or --wheels."
        )
        self.file_name = file_name
        self.sha256 = sha256
        self.attempts = attempts


class WheelBuildFailed(RaisrError):
    """The decoder's wheel cannot be built."""

    def __init__(self, command: list[str], output: str) -> None:
        super().__init__(f"`{' '.join(command)}` failed:\n{output.strip()}")
        self.command = command
        self.output = output


class PackingFailed(RaisrError):
    """The import trace or packing failed in Pyodide."""

    def __init__(self, output: str) -> None:
        super().__init__(f"packing Python for the page failed:\n{output.strip()}")
        self.output = output


class LinkerMissing(RaisrError):
    """LLVM's linker for WebAssembly, which compiling the kernels needs, is not installed."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        super().__init__(f"none of {', '.join(names)} is installed: Debian's package lld-19 has it")
