"""What can go wrong in the web part. Each error carries its data and says what to do."""

from pathlib import Path

from raisr_decoder.errors import RaisrError


class PhotoMissing(RaisrError):
    """The folder has no image of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no image {name!r} in this folder")
        self.name = name


class PhotoUnreadable(RaisrError):
    """The file of that name cannot be read from disk."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: cannot be read ({reason})")
        self.name = name
        self.reason = reason


class Busy(RaisrError):
    """Too many jobs are waiting already."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many requests are waiting: try again in {seconds} seconds")
        self.seconds = seconds


class TrialMissing(RaisrError):
    """There is no trial of this token, or it is no longer kept."""

    def __init__(self) -> None:
        super().__init__("this trial is not kept any more: try the photograph again")


class CacheUnwritable(RaisrError):
    """Nothing can be kept in the cache."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"{folder} cannot be written ({reason}): choose another folder with --cache"
        )
        self.folder = folder
        self.reason = reason


class ImageNotExported(RaisrError):
    """An image has no place in a site, because its payload cannot be decoded."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason.removeprefix(f'{name}: ')}")
        self.name = name
        self.reason = reason


class ExportFailed(RaisrError):
    """A part of the site cannot be made."""

    def __init__(self, address: str, status: str) -> None:
        super().__init__(f"{address} cannot be exported, it is {status}")
        self.address = address
        self.status = status
