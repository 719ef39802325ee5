"""The command `raisr`: a file for each of its commands, and the only package that prints.

Modules of commands import what they need when a command runs, so that `raisr --help` is quick.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

import click

from raisr_decoder.errors import RaisrError

COMMANDS = (
    "compare",
    "decode",
    "encode",
    "evaluate",
    "info",
    "train",
    "train-shipped",
    "upscale",
)
"""Each is `command` of the module of its name."""


class Commands(click.Group):
    """The commands of this package, and those that other distributions register.

    Errors of ours end in a sentence and exit code 1, not in a traceback.
    """

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return sorted({*COMMANDS, *entry_points(group="raisr.commands").names})

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            module = import_module(f"raisr.cli.{cmd_name.replace('-', '_')}")
            command: click.Command = module.command
            return command
        for entry in entry_points(group="raisr.commands", name=cmd_name):
            registered: click.Command = entry.load()
            return registered
        return None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except RaisrError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="raisr")
def main() -> None:
    """Send a small picture, show a big one.

    \b
    raisr encode photo.jpg -o small.jpg     make a payload
    raisr decode small.jpg -o big.png       see what viewers will see
    raisr serve                             show a folder of photographs in the browser
    """
