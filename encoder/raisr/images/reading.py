"""Photographs and base images from files."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import (
    ExifTags,
    Image,
    ImageFile,
    JpegImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
)

from raisr.errors import ImageUnreadable
from raisr.files import read_file
from raisr.formats import FORMATS
from raisr.images.colors import separate_alpha, to_srgb
from raisr.images.samples import eight_bit, is_deep
from raisr_decoder.alpha import composite_on_white
from raisr_decoder.bank import BASES
from raisr_decoder.errors import LimitExceeded, RaisrError
from raisr_decoder.limits import MAX_PIXELS

# As Pillow names them.
PHOTO_FORMATS = tuple(each.name.upper() for each in FORMATS)
BASE_FORMATS = tuple(name.upper() for name in BASES)

ANIMATED_FORMATS = ("AVIF", "GIF", "PNG", "WEBP")
"""Formats whose further frames are animation, not previews or pages."""

MAX_SCANS = 100
"""Of a JPEG; each may cost as much as a whole image. Encoders write about ten."""


@dataclass(frozen=True)
class LoadedImage:
    """An upright image in sRGB.

    Attributes
    ----------
    rgb : ndarray of shape (M, N, 3), uint8
        Colours, not multiplied by alpha.
    alpha : ndarray of shape (M, N), uint8, or None
        0 where the image is transparent, 255 where it is opaque; None if it is opaque everywhere.
    lost : tuple of str
        What the file holds that is not here, in words: further frames, deeper samples.
    """

    rgb: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None
    lost: tuple[str, ...] = ()

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """Colours and, unless the image is opaque, alpha: shape (M, N, 3) or (M, N, 4), uint8."""
        return self.rgb if self.alpha is None else np.dstack([self.rgb, self.alpha])

    def on_white(self) -> NDArray[np.uint8]:
        """The image composited on white: shape (M, N, 3), uint8."""
        return self.rgb if self.alpha is None else composite_on_white(self.rgb, self.alpha)


def read_image(source: Path) -> LoadedImage:
    """An image from a file, animations as their first frame.

    Raises
    ------
    InputUnreadable, ImageUnreadable, LimitExceeded
    """
    return decode_image(read_file(source), source.name)


def decode_image(data: bytes, name: str) -> LoadedImage:
    """As `read_image`, from the bytes of a file; `name` is for error messages."""
    with _reading(name):
        return _load(_open(data, name), data, name)


def decode_reduced(data: bytes, name: str, pixels: int) -> LoadedImage:
    """As `decode_image`, but a JPEG of many more pixels is decoded at 1/2, 1/4 or 1/8 of its size.

    That takes a fraction of the memory, because its full-size pixels are never made. Images of
    other formats keep their size.

    Parameters
    ----------
    data : bytes
    name : str
        For error messages.
    pixels : int
        That the result has at least, if the image does.

    Raises
    ------
    ImageUnreadable, LimitExceeded
    """
    with _reading(name):
        image = _open(data, name)
        share = math.sqrt(min(1, pixels / (image.width * image.height)))
        image.draft(None, (math.ceil(image.width * share), math.ceil(image.height * share)))
        return _load(image, data, name)


def what_is_lost(data: bytes, name: str) -> tuple[str, ...]:
    """`LoadedImage.lost` that `decode_image` would give, without decoding any pixels.

    Raises
    ------
    ImageUnreadable, LimitExceeded
    """
    with _reading(name):
        return tuple(_lost(_open(data, name)))


def _load(image: ImageFile.ImageFile, data: bytes, name: str) -> LoadedImage:
    """The pixels of a freshly opened image, and what of its file is not among them."""
    lost = tuple(_lost(image))
    return replace(load_image(image, eight_bit(image, data, name)), lost=lost)


def load_image(image: Image.Image, samples: Image.Image | None = None) -> LoadedImage:
    """The pixels of an image of PIL, upright and in sRGB.

    Parameters
    ----------
    image : PIL image
        With its colour profile and its orientation.
    samples : PIL image, optional
        Its pixels with 8-bit samples, where they are others.
    """
    color, alpha = separate_alpha(image if samples is None else samples)
    orientation = _orientation(image)
    rgb = _upright(np.asarray(to_srgb(color, image.info.get("icc_profile"))), orientation)
    if alpha is None or (alpha == 255).all():
        return LoadedImage(rgb, None)
    return LoadedImage(rgb, _upright(alpha, orientation))


def read_photo(source: Path) -> NDArray[np.uint8]:
    """A photograph as upright sRGB; where it is transparent, white shows through.

    Parameters
    ----------
    source : Path

    Returns
    -------
    ndarray of shape (M, N, 3), uint8

    Raises
    ------
    InputUnreadable, ImageUnreadable, LimitExceeded
    """
    return read_image(source).on_white()


def decode_photo(data: bytes, name: str) -> NDArray[np.uint8]:
    """As `read_photo`, from the bytes of a file; `name` is for error messages."""
    return decode_image(data, name).on_white()


def is_jpeg(data: bytes) -> bool:
    """Whether the bytes of a file start as those of a JPEG do."""
    return data.startswith(b"\xff\xd8\xff")


def photo_shape(data: bytes, name: str) -> tuple[int, int]:
    """Rows and columns that `decode_photo` would give, from the header alone.

    Raises
    ------
    ImageUnreadable, LimitExceeded
    """
    with _reading(name):
        image = _open(data, name)
        columns, rows = image.size
        return (columns, rows) if _orientation(image) >= 5 else (rows, columns)


def stored_shape(payload: bytes) -> tuple[int, int]:
    """Rows and columns that `decode_base` gives, from the header alone.

    Raises
    ------
    ImageUnreadable, LimitExceeded
    """
    with _reading("payload"):
        columns, rows = _open(payload, "payload", BASE_FORMATS).size
        return rows, columns


def decode_base(payload: bytes) -> NDArray[np.uint8]:
    """The base image of a payload, as a browser decodes it.

    Returns
    -------
    ndarray of shape (M, N, 3), uint8

    Raises
    ------
    ImageUnreadable, LimitExceeded
    """
    with _reading("payload"):
        return np.asarray(_open(payload, "payload", BASE_FORMATS).convert("RGB"))


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Turn whatever goes wrong in reading an image into our errors, and warnings into silence."""
    try:
        # For good: what `catch_warnings` puts back, another thread may have changed meanwhile.
        warnings.filterwarnings("ignore", module="PIL", append=True)
        yield
    except RaisrError:
        raise
    except UnidentifiedImageError as error:
        known = ", ".join(each.title for each in FORMATS)
        raise ImageUnreadable(name, f"it is none of {known}, or damaged") from error
    except Exception as error:
        # Damaged files make Pillow raise nearly anything: OSError, SyntaxError, struct.error, ...
        raise ImageUnreadable(name, str(error) or type(error).__name__) from error


def _open(data: bytes, name: str, formats: tuple[str, ...] = PHOTO_FORMATS) -> ImageFile.ImageFile:
    stream = io.BytesIO(data)
    image = Image.open(stream, formats=formats)
    if image.width * image.height > MAX_PIXELS:
        raise LimitExceeded(f"pixels of {name}", image.width * image.height, MAX_PIXELS)
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        _check_scans(data, stream.tell(), name)
    return image


def _check_scans(data: bytes, first: int, name: str) -> None:
    """Refuse a JPEG of many scans; the content of the first one starts at `first`."""
    end = data.find(b"\xff\xd9", first)
    scans = 1 + data.count(b"\xff\xda", first, len(data) if end < 0 else end)
    if scans > MAX_SCANS:
        raise LimitExceeded(f"scans of {name}", scans, MAX_SCANS)


def _lost(image: ImageFile.ImageFile) -> Iterator[str]:
    """What of a file does not become pixels, in words."""
    if getattr(image, "is_animated", False) and image.format in ANIMATED_FORMATS:
        yield f"the first of its {getattr(image, 'n_frames', 1)} frames is taken"
    if is_deep(image):
        yield "its samples are rounded to 8 bits"


def _orientation(image: Image.Image) -> int:
    """How the rows lie: 1..8, as in EXIF; 1 is upright."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return 1  # Pillow turns these itself.
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:
        return 1  # Damaged metadata is no reason to refuse the image.
    return orientation if orientation in range(1, 9) else 1


def _upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Turn and mirror an array of shape (M, N) or (M, N, 3) as its EXIF orientation asks for."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
