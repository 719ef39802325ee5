"""What can be wrong with a photograph, a request or a folder, with the data that a caller needs."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from raisr_decoder.errors import RaisrError


class InputUnreadable(RaisrError):
    """The file cannot be read from disk."""

    def __init__(self, source: Path, reason: str) -> None:
        self.source, self.reason = source, reason
        super().__init__(f"{source}: cannot be read ({reason})")


class AlreadyEncoded(RaisrError):
    """A payload was given where a photograph is wanted."""

    def __init__(self, source: Path) -> None:
        self.source = source
        super().__init__(
            f"{source}: is a payload already; take the photograph that it was made of, or decode "
            "it first"
        )


class ImageUnreadable(RaisrError):
    """The file is no picture, or its pixels break off."""

    def __init__(self, source: Path | str, reason: str) -> None:
        self.source, self.reason = source, reason
        super().__init__(f"{source}: cannot be read as a picture ({reason})")


class ImageUnsupported(RaisrError):
    """What was passed as an image is of no kind that can be encoded or upscaled."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"this cannot be taken as an image: {reason}")


class OutputUnwritable(RaisrError):
    """The result cannot be stored where it was asked for."""

    def __init__(self, target: Path, reason: str) -> None:
        self.target, self.reason = target, reason
        super().__init__(f"{target}: cannot be written ({reason}); choose another place with -o")


class TargetsCollide(RaisrError):
    """Several files would become the same one."""

    def __init__(self, target: Path, photos: list[Path]) -> None:
        self.target, self.photos = target, photos
        super().__init__(
            f"{', '.join(map(str, photos))} would all become {target}; write them into different "
            "folders, or give them different names"
        )


class TargetUnreachable(RaisrError):
    """No quality of the base codec makes the payload that small."""

    def __init__(self, target: int, smallest: int) -> None:
        self.target, self.smallest = target, smallest
        super().__init__(
            f"{target:,} bytes cannot be reached; the smallest possible payload here has "
            f"{smallest:,} bytes"
        )


class ScoreUnreachable(RaisrError):
    """No quality of the base codec makes the output image that good."""

    def __init__(self, target: float, best: float) -> None:
        self.target, self.best = target, best
        super().__init__(
            f"a SSIMULACRA2 of {target:g} cannot be reached; the best possible here is {best:.2f}"
        )


class SettingsInvalid(RaisrError):
    """What is asked for does not exist, or not together."""


class BankMissing(RaisrError):
    """No bank at hand was trained for what is asked."""

    def __init__(self, base: str, scale: object) -> None:
        self.base, self.scale = base, scale
        super().__init__(
            f"no bank for base {base} at scale {scale} is at hand; train one with "
            "'raisr train' and name it with --bank"
        )


class WrongScale(RaisrError):
    """A bank serves another scale than the one that is asked for."""

    def __init__(self, bank: str, served: Fraction | None, wanted: Fraction) -> None:
        self.bank, self.served, self.wanted = bank, served, wanted
        super().__init__(f"bank {bank} upscales by {served}, not by {wanted}; say --scale {served}")


class ImageTooSmall(RaisrError):
    """Nothing would be left of a picture to measure."""

    def __init__(
        self, source: Path | str, shape: tuple[int, int], scale: Fraction, smallest: int
    ) -> None:
        self.source, self.shape, self.scale, self.smallest = source, shape, scale, smallest
        super().__init__(
            f"{source}: {shape[1]} x {shape[0]} pixels are too few to measure at scale {scale}, "
            f"which takes {smallest} x {smallest}"
        )


class TooSmallToCompare(RaisrError):
    """A picture is so small that its files are mostly headers."""

    def __init__(self, source: Path, shape: tuple[int, int], smallest: int) -> None:
        self.source, self.shape, self.smallest = source, shape, smallest
        super().__init__(
            f"{source}: {shape[1]} x {shape[0]} pixels are too few to compare, which takes "
            f"{smallest} x {smallest}"
        )


class OutputTooSmall(RaisrError):
    """Upscaling was asked for a smaller picture."""

    def __init__(self, shape: tuple[int, int], wanted: tuple[int, int]) -> None:
        self.shape, self.wanted = shape, wanted
        super().__init__(
            f"{wanted[1]} x {wanted[0]} is smaller than the picture's {shape[1]} x {shape[0]}; "
            "choose a scale of 1 or more"
        )


class NoPhotographs(RaisrError):
    """Nothing to work on."""

    def __init__(self, sources: list[Path]) -> None:
        self.sources = sources
        super().__init__(f"no photographs in {', '.join(map(str, sources)) or 'nothing'}")


class TrainingStopped(RaisrError):
    """Training cannot go on; its checkpoints are kept."""


class CheckpointsUnwritable(TrainingStopped):
    """The checkpoint directory takes no files."""

    def __init__(self, folder: Path, reason: str) -> None:
        self.folder, self.reason = folder, reason
        super().__init__(
            f"{folder}: checkpoints cannot be written ({reason}); choose another directory with "
            "--checkpoints"
        )


class CheckpointsInUse(TrainingStopped):
    """The same training is running already."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(f"{folder}: the same training is running there already")


class CheckpointsNotShared(TrainingStopped):
    """A worker cannot see the checkpoint directory."""

    def __init__(self, folder: Path, host: str) -> None:
        self.folder, self.host = folder, host
        super().__init__(
            f"the worker on {host} does not see the checkpoint directory {folder}; choose one on "
            "storage that all workers share, with --checkpoints"
        )


class PhotographNotShared(TrainingStopped):
    """A worker cannot see a photograph that is there."""

    def __init__(self, photo: Path, host: str) -> None:
        self.photo, self.host = photo, host
        super().__init__(
            f"the worker on {host} does not see {photo}; photographs must lie on storage that all "
            "workers share"
        )


class CheckpointDamaged(TrainingStopped):
    """A checkpoint of this training is gone or damaged."""

    def __init__(self, item: Path) -> None:
        self.item = item
        super().__init__(f"{item}: gone or damaged during training; run the same command again")


class WorkersLost(TrainingStopped):
    """Workers died again and again."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"workers died, perhaps for lack of memory ({reason}); the same command goes on from "
            "here, with fewer --jobs if need be"
        )


class WorkersUnavailable(TrainingStopped):
    """No worker process can be started."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"worker processes cannot be started ({reason}); use --jobs 1")


class SchedulerUnreachable(TrainingStopped):
    """The Dask cluster cannot be used."""

    def __init__(self, address: str, reason: str) -> None:
        self.address, self.reason = address, reason
        super().__init__(f"{address}: {reason}; start 'dask scheduler' and 'dask worker'")


class ExtraMissing(RaisrError):
    """A package is not installed that an extra of this distribution brings."""

    def __init__(self, extra: str, package: str) -> None:
        self.extra, self.package = extra, package
        super().__init__(f"this needs {package}: pip install 'raisr[{extra}]'")
