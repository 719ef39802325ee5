"""What `raisr decode` and `raisr upscale` share: many files in, an output image for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from raisr.cli.output import fail_with, progress_bar
from raisr_decoder.errors import RaisrError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Make = Callable[[bytes, Path], "NDArray[np.uint8]"]
"""The output image of a file, from its bytes; its path is for messages."""


def output_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`-o`: a file for one image, a folder for several."""
    return click.option(
        "-o",
        "--output",
        required=True,
        type=click.Path(path_type=Path),
        help="A file whose suffix says the format (.png, .jpg, .webp, .avif), or a folder, where "
        "each image becomes a PNG file.",
    )(function)


def write_images(files: Sequence[Path], sources: Sequence[Path], output: Path, make: Make) -> None:
    """Make an output image of each file and write it; a file that fails stops no other.

    Parameters
    ----------
    files : sequence of Path
        At least one.
    sources : sequence of Path
        What the user named: files, or the folders that they are in.
    output : Path
        A file for one image, or a folder.
    make : callable
    """
    from raisr.files import keep_apart, read_file, write_whole
    from raisr.images.writing import save_output

    targets = _targets(files, sources, output)
    failures: list[RaisrError] = []
    with progress_bar() as progress:
        for number, (file, target) in enumerate(zip(files, targets, strict=True)):
            progress("images", number, len(files))
            try:
                keep_apart(file, target)
                pixels = make(read_file(file), file)
                write_whole(target, save_output(pixels, _format_of(target)))
            except RaisrError as error:
                failures.append(error)
            else:
                click.echo(f"{target}: {pixels.shape[1]} x {pixels.shape[0]}")
        progress("images", len(files), len(files))
    fail_with(failures)


def _targets(files: Sequence[Path], sources: Sequence[Path], output: Path) -> list[Path]:
    from raisr.files import check_distinct, path_below

    if list(files) == list(sources) and len(files) == 1 and output.suffix and not output.is_dir():
        _format_of(output)
        return [output]
    targets = [output / path_below(sources, file).with_suffix(".png") for file in files]
    check_distinct(targets, files)
    return targets


def _format_of(target: Path) -> str:
    from raisr.errors import OutputUnwritable
    from raisr.formats import format_of
    from raisr.images.writing import OUTPUT_OPTIONS

    named = format_of(target.suffix)
    if named is None or named.name not in OUTPUT_OPTIONS:
        raise OutputUnwritable(target, f"its suffix names none of {', '.join(OUTPUT_OPTIONS)}")
    return named.name
