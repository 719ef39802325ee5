"""`raisr upscale`."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import click

from raisr.cli.options import Scale, bank_option


@click.command()
@click.argument("photo", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="A PNG file.")
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
    photo: Path,
    output: Path,
    scale: Fraction | tuple[int, int],
    source: str,
    banks: tuple[Path, ...],
) -> None:
    """Upscale an ordinary image, one that is no payload.

    \b
    raisr upscale photo.png -o big.png --scale 2
    raisr upscale photo.jpg -o big.png --scale 3840x2160
    """
    from raisr.bank_store import BankStore
    from raisr.files import keep_apart, read_file, write_whole
    from raisr.images.reading import decode_image, is_jpeg
    from raisr.images.writing import save_png
    from raisr.upscaling import upscale
    from raisr_decoder.shapes import scaled_shape

    keep_apart(photo, output)
    data = read_file(photo)
    image = decode_image(data, photo.name).pixels
    small = image.shape[:2]
    if isinstance(scale, tuple):
        scale = min(Fraction(frame, size) for frame, size in zip(scale, small, strict=True))
    compressed = source == "compressed" or (source == "auto" and is_jpeg(data))
    big = upscale(image, scaled_shape(small, scale), compressed, BankStore(banks))
    write_whole(output, save_png(big))
    click.echo(f"{output}: {big.shape[1]} x {big.shape[0]}")
