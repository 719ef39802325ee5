"""What can be wrong with a payload or a bank: one class each, with the data that a caller needs."""

from __future__ import annotations

from typing import Any


class RaisrError(Exception):
    """Base of every error that this project raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors travel between processes, though their constructors take data and not a message.
        return _revive, (type(self), self.args, self.__dict__)


def _revive(kind: type[RaisrError], args: tuple[Any, ...], state: dict[str, Any]) -> RaisrError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class PayloadError(RaisrError):
    """The payload cannot be decoded."""


class ContainerUnknown(PayloadError):
    """The file is not a JPEG, PNG, WebP or AVIF file."""

    def __init__(self, start: bytes) -> None:
        self.start = start
        super().__init__(
            f"not a JPEG, PNG, WebP or AVIF file (it starts with {start.hex(' ') or 'nothing'})"
        )


class ContainerDamaged(PayloadError):
    """The container's structure breaks off or contradicts itself."""

    def __init__(self, container: str, offset: int, reason: str) -> None:
        self.container, self.offset, self.reason = container, offset, reason
        super().__init__(f"damaged {container} file: {reason} at byte {offset}")


class MetadataMissing(PayloadError):
    """An ordinary image: it carries no metadata that says how to decode it."""

    def __init__(self, container: str) -> None:
        self.container = container
        super().__init__(
            f"this {container} file carries no raisr metadata; encode the photograph with "
            "'raisr encode', or upscale it with 'raisr upscale'"
        )


class MetadataDamaged(PayloadError):
    """There is metadata, but its bytes are not what an encoder wrote."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"damaged raisr metadata: {reason}")


class MetadataUnsupported(PayloadError):
    """The metadata needs a newer decoder."""

    def __init__(self, what: str, number: int) -> None:
        self.what, self.number = what, number
        super().__init__(f"the metadata has {what} {number}, which this decoder is too old to read")


class BankError(RaisrError):
    """The filter bank cannot be used."""


class BankUnknown(BankError):
    """There is no bank of this id where banks are looked for."""

    def __init__(self, bank_id: str) -> None:
        self.bank_id = bank_id
        super().__init__(
            f"no bank {bank_id} found; name the folder or file that holds it with --bank"
        )


class BankDamaged(BankError):
    """The file is not a bank, or its bytes are not what training wrote."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"damaged bank: {reason}")


class BankUnsupported(BankError):
    """The bank needs a newer decoder."""

    def __init__(self, what: str, number: int) -> None:
        self.what, self.number = what, number
        super().__init__(f"the bank has {what} {number}, which this decoder is too old to read")


class BankMismatch(BankError):
    """The bank is intact, but not the one that this base image needs."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the bank does not fit the image: {reason}")


class LimitExceeded(RaisrError):
    """Something is larger than the documented limit."""

    def __init__(self, what: str, found: int, limit: int) -> None:
        self.what, self.found, self.limit = what, found, limit
        super().__init__(f"{what}: {found} is over the limit of {limit}")
