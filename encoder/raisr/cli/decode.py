"""`raisr decode`."""

from __future__ import annotations

from pathlib import Path

import click

from raisr.cli.options import bank_option


@click.command()
@click.argument("payload", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="A PNG file.")
@click.option(
    "--engine",
    type=click.Choice(["auto", "numba", "numpy"]),
    default="auto",
    show_default=True,
    help="Who does the arithmetic; auto: Numba where it is installed. Both give the same pixels.",
)
@bank_option
def command(payload: Path, output: Path, engine: str, banks: tuple[Path, ...]) -> None:
    """Decode a payload to the output image that viewers see.

    \b
    raisr decode small.jpg -o big.png
    """
    from raisr.bank_store import BankStore
    from raisr.decoding import decode
    from raisr.engines import engine_named
    from raisr.files import keep_apart, read_file, write_whole
    from raisr.images.writing import save_png

    keep_apart(payload, output)
    image = decode(read_file(payload), BankStore(banks), engine_named(engine))
    write_whole(output, save_png(image))
    click.echo(f"{output}: {image.shape[1]} x {image.shape[0]}")
