"""Crops at 100 %: photograph, plain JPEG, and output image of a payload of the same bytes.

    python benchmarks/crops.py samples -o docs/crops --target-size 25000 80000

Whole photographs are encoded; the crops are cut out afterwards. The places in the photographs of
samples/ are chosen for edges, texture and faces, and a page of text is drawn into one of them
before it is encoded. Of any other photograph the middle is shown.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from raisr.decoding import decode
from raisr.evaluation.metrics import luma_psnr
from raisr.files import find_photographs
from raisr.images.reading import decode_base, read_photo
from raisr.search.search import plain_within, search
from raisr.search.settings import Settings
from raisr_decoder.color import luma

ROWS, COLUMNS, GAP = 240, 272, 8
"""Size of a crop, and pixels between two."""

TEXT = (
    (28, "Send a small picture"),
    (20, "and show a big one."),
    (16, "Pack my box. 0123456789"),
    (12, "The quick brown fox jumps over the lazy"),
    (12, "dog; sphinx of black quartz, judge my vow."),
    (10, "Small print: 10 pixels to the em, as far as it can be read."),
)
"""Sizes in pixels and lines of the page of text."""


@dataclass(frozen=True)
class Place:
    """A crop of a photograph: its upper left pixel."""

    name: str
    photo: str
    row: int
    column: int
    text: bool = False


PLACES = (
    Place("face", "two-dogs", 350, 290),
    Place("second-face", "two-dogs", 660, 440),
    Place("boards", "two-dogs", 930, 90),
    Place("peaks", "limestone-peaks", 130, 760),
    Place("hairs", "dandelions", 80, 80),
    Place("water", "forest-stream", 500, 640),
    Place("text", "mountain-meadow", 680, 500, text=True),
)


def main() -> None:
    """Write an image for each place; print a table of bytes, PSNR and seams."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photographs", nargs="+", type=Path)
    parser.add_argument("-o", "--output", required=True, type=Path, help="a folder")
    parser.add_argument("--target-size", nargs="+", type=int, default=[25_000, 80_000])
    options = parser.parse_args()

    options.output.mkdir(parents=True, exist_ok=True)
    print(
        "| crop | of | bytes: plain, raisr | luma PSNR (dB): plain, raisr "
        "| seams: photograph, plain, raisr |"
    )
    print("|---|---|---:|---:|---:|")
    for target_size in options.target_size:
        for source in find_photographs(options.photographs):
            photo = read_photo(source)
            places = [place for place in PLACES if place.photo == source.stem]
            for place in places or [middle(source.stem, photo)]:
                show(photo, place, target_size, options.output)


def show(photo: NDArray[np.uint8], place: Place, target_size: int, folder: Path) -> None:
    """Write the image of one place and print its row of the table."""
    shown = draw_text(photo, place) if place.text else photo
    plain, payload = same_bytes(shown, target_size)
    images = [shown, decode_base(plain), decode(payload)]
    sizes = ", ".join(f"{len(file):,}" for file in (plain, payload))
    levels = ", ".join(f"{luma_psnr(image, shown):.2f}" for image in images[1:])
    steps = ", ".join(f"{seams(image):.2f}" for image in images)
    name = f"{place.name}-{target_size // 1000}kb"
    print(f"| {name} | {place.photo} | {sizes} | {levels} | {steps} |")
    # Colours at full resolution, so that no fringe comes from the image that shows them.
    side_by_side(images, place).save(
        folder / f"{name}.jpg", quality=90, subsampling="4:4:4", optimize=True
    )


def middle(name: str, photo: NDArray[np.uint8]) -> Place:
    rows, columns = photo.shape[:2]
    return Place(name, name, max(0, (rows - ROWS) // 2), max(0, (columns - COLUMNS) // 2))


def same_bytes(photo: NDArray[np.uint8], target_size: int) -> tuple[bytes, bytes]:
    """A plain JPEG of full size and a payload, neither larger than `target_size`."""
    payload = search(photo, Settings("jpeg", target_size=target_size)).payload
    return plain_within(photo, "jpeg", target_size).payload, payload


def seams(image: NDArray[np.uint8]) -> float:
    """Mean step of luma across the borders of cells, relative to the mean step elsewhere.

    At scale 2 a cell becomes 4 x 4 pixels; every other border is one of JPEG's blocks as well.
    """
    plane = luma(image).astype(np.float64)
    across, elsewhere = 0.0, 0.0
    for lines in (plane, plane.T):
        steps = np.abs(np.diff(lines, axis=0)).mean(axis=1)
        at_border = np.arange(len(steps)) % 4 == 3
        across += steps[at_border].mean()
        elsewhere += steps[~at_border].mean()
    return across / elsewhere


def draw_text(photo: NDArray[np.uint8], place: Place) -> NDArray[np.uint8]:
    """The photograph with a page of text: the upper half of the crop on paper, then on itself."""
    page = Image.fromarray(photo)
    draw = ImageDraw.Draw(page)
    half = ROWS // 2
    draw.rectangle(
        (place.column, place.row, place.column + COLUMNS - 1, place.row + half - 1), "white"
    )
    for top, ink in ((place.row, "black"), (place.row + half, "white")):
        row = top + 2
        for size, line in TEXT:
            draw.text((place.column + 6, row), line, ink, ImageFont.load_default(size))
            row += round(size * 1.08)
    return np.asarray(page)


def side_by_side(images: list[NDArray[np.uint8]], place: Place) -> Image.Image:
    """The crops of several images in a row."""
    width = len(images) * (COLUMNS + GAP) - GAP
    sheet = Image.new("RGB", (width, ROWS), "white")
    for number, image in enumerate(images):
        crop = image[place.row : place.row + ROWS, place.column : place.column + COLUMNS]
        sheet.paste(Image.fromarray(np.ascontiguousarray(crop)), (number * (COLUMNS + GAP), 0))
    return sheet


if __name__ == "__main__":
    main()
