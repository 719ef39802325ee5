"""What can go wrong in the web part. Each error carries its data and says what to do."""

from dataclasses import dataclass
from pathlib import Path


class WebError(Exception):
    """Base class of the errors below."""


class PieceMissing(WebError):
    """A file that the page's runtime is made of is not where set-up puts it."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is missing: run `make setup`")
        self.path = path


@dataclass(frozen=True)
class Attempt:
    """A source that was tried for a wheel, and why it gave none."""

    source: str
    problem: str


class WheelUnavailable(WebError):
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


class WheelBuildFailed(WebError):
    """The decoder's wheel cannot be built."""

    def __init__(self, command: list[str], output: str) -> None:
        super().__init__(f"`{' '.join(command)}` failed:\n{output.strip()}")
        self.command = command
        self.output = output


class PackingFailed(WebError):
    """Pyodide cannot rehearse what pages do."""

    def __init__(self, output: str) -> None:
        super().__init__(f"packing Python for the page failed:\n{output.strip()}")
        self.output = output


class PhotoMissing(WebError):
    """The gallery's folder has no picture of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no picture {name!r} in this folder")
        self.name = name


class TooManyTrials(WebError):
    """Others are waiting already."""

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} photographs are waiting already: try again in a minute")
        self.most = most


class TrialMissing(WebError):
    """No trial of this token, or no longer."""

    def __init__(self) -> None:
        super().__init__("this trial is not kept any more: try the photograph again")


class CacheUnwritable(WebError):
    """A payload cannot be kept."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"{folder} cannot be written ({reason}): choose another folder with --cache"
        )
        self.folder = folder
        self.reason = reason


class ExportFailed(WebError):
    """A part of the site cannot be made."""

    def __init__(self, address: str, status: str) -> None:
        super().__init__(
            f"{address} cannot be exported, it is {status}: take that picture out of the folder, "
            "or encode its photograph anew"
        )
        self.address = address
        self.status = status
