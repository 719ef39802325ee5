"""The command line as tests call it."""

from __future__ import annotations

from click.testing import CliRunner, Result

from raisr.cli import main
from support import SAMPLES

PHOTO = SAMPLES / "mountain-meadow.jpg"
QUICK = ("--base", "jpeg", "--scale", 2, "--quality", 50, "--jobs", 1)
"""Options of `raisr encode` that leave nothing to search for."""


def raisr(*arguments: object) -> Result:
    """What `raisr` prints, and how it ends."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def fails(result: Result, message: str) -> None:
    """It ends in a sentence, not in a traceback."""
    assert result.exit_code in (1, 2)
    assert isinstance(result.exception, SystemExit)
    assert message in result.output
