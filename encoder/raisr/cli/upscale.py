"""`raisr upscale`."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from raisr.cli.images import output_option, write_images
from raisr.cli.options import Scale, bank_option, files_argument
from raisr.cli.output import warn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@click.command()
@files_argument("images")
@output_option
@click.option(
    "--scale",
    type=Scale((Fraction(1), Fraction(8)), form="frame"),
    default="2",
    show_default=True,
    help="A factor such as 2 or 1.37, or a frame such as 3840x2160 that the result fits into.",
)
@click.option(
    "--source",
    type=click.Choice(["auto", "clean", "compressed"]),
    default="auto",
    show_default=True,
    help="Whether compression artefacts are to be removed; auto: from JPEG files.",
)
@bank_option
def command(
    images: tuple[Path, ...],
    output: Path,
    scale: Fraction | tuple[int, int],
    source: str,
    banks: tuple[Path, ...],
) -> None:
    """Upscale ordinary images, or folders of them.

    Payloads are for `raisr decode`: in a folder they are passed by.

    \b
    raisr upscale photo.png -o big.png --scale 2
    raisr upscale photo.jpg -o big.png --scale 3840x2160
    raisr upscale photographs/ -o big/
    """
    from raisr.bank_store import BankStore
    from raisr.batch import photographs_in
    from raisr.errors import AlreadyEncoded
    from raisr.images.reading import decode_image, is_jpeg
    from raisr.upscaling import upscale
    from raisr_decoder.metadata import carries_metadata
    from raisr_decoder.shapes import scaled_shape

    store = BankStore(banks)

    def make(data: bytes, file: Path) -> NDArray[np.uint8]:
        if carries_metadata(data):
            raise AlreadyEncoded(file)
        image = decode_image(data, file.name)
        warn(file, image.lost)
        pixels = image.pixels
        rows, columns = pixels.shape[:2]
        factor = scale
        if isinstance(factor, tuple):
            factor = min(Fraction(factor[0], rows), Fraction(factor[1], columns))
        compressed = source == "compressed" or (source == "auto" and is_jpeg(data))
        return upscale(pixels, scaled_shape((rows, columns), factor), compressed, store)

    write_images(photographs_in(images), images, output, make)
