"""`raisr decode`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from raisr.cli.images import output_option, write_images
from raisr.cli.options import bank_option, files_argument

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@click.command()
@files_argument("payloads")
@output_option
@click.option(
    "--engine",
    type=click.Choice(["auto", "numba", "numpy"]),
    default="auto",
    show_default=True,
    help="What does the arithmetic; auto: Numba where it is installed. Both give the same pixels.",
)
@bank_option
def command(payloads: tuple[Path, ...], output: Path, engine: str, banks: tuple[Path, ...]) -> None:
    """Decode payloads to what viewers see.

    Of a folder its payloads are decoded, those of its sub-folders included.

    \b
    raisr decode small.jpg -o big.png
    raisr decode payloads/ -o images/
    """
    from raisr.bank_store import BankStore
    from raisr.batch import payloads_in
    from raisr.decoding import decode
    from raisr.engines import engine_named

    store, chosen = BankStore(banks), engine_named(engine)

    def make(data: bytes, _file: Path) -> NDArray[np.uint8]:
        return decode(data, store, chosen)

    write_images(payloads_in(payloads), payloads, output, make)
