"""Pictures from files and back: the only module that imports PIL."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, ImageOps, UnidentifiedImageError

from raisr_decoder.errors import LimitExceeded
from raisr_decoder.payload import MAX_PIXELS
from raisr_encoder.errors import PictureUnreadable
from raisr_encoder.files import read_file


def read_photo(source: Path) -> NDArray[np.uint8]:
    """A photograph as upright sRGB.

    Parameters
    ----------
    source : Path

    Returns
    -------
    ndarray of shape (M, N, 3), uint8

    Raises
    ------
    InputUnreadable, PictureUnreadable, LimitExceeded
    """
    return decode_photo(read_file(source), source.name)


def decode_photo(data: bytes, name: str) -> NDArray[np.uint8]:
    """As `read_photo`, from the bytes of a file; `name` is for error messages."""
    with _open(data, name) as image:
        try:
            return np.asarray(_to_srgb(ImageOps.exif_transpose(image)))
        except (OSError, ValueError, SyntaxError) as error:
            raise PictureUnreadable(name, str(error)) from error


def photo_shape(data: bytes, name: str) -> tuple[int, int]:
    """Rows and columns that `decode_photo` would give, from the header alone.

    Raises
    ------
    PictureUnreadable, LimitExceeded
    """
    with _open(data, name) as image:
        sideways = image.getexif().get(ExifTags.Base.Orientation, 1) >= 5
        return image.size if sideways else image.size[::-1]


def decode_base(payload: bytes) -> NDArray[np.uint8]:
    """The base picture of a payload, as a browser decodes it.

    Returns
    -------
    ndarray of shape (M, N, 3), uint8

    Raises
    ------
    PictureUnreadable, LimitExceeded
    """
    with _open(payload, "payload") as image:
        try:
            return np.asarray(image.convert("RGB"))
        except (OSError, ValueError, SyntaxError) as error:
            raise PictureUnreadable("payload", str(error)) from error


def save_png(rgb: NDArray[np.uint8]) -> bytes:
    """A picture of shape (M, N, 3) as a PNG file."""
    return _save(rgb, "PNG")


def save_jpeg(rgb: NDArray[np.uint8], quality: int) -> bytes:
    """A progressive JPEG, 4:2:0, of a picture of shape (M, N, 3); quality 1..100."""
    return _save(rgb, "JPEG", quality=quality, optimize=True, progressive=True, subsampling="4:2:0")


def save_webp(rgb: NDArray[np.uint8], quality: int) -> bytes:
    """A lossy WebP of a picture of shape (M, N, 3); quality 0..100."""
    return _save(rgb, "WEBP", quality=quality, method=6)


def save_avif(rgb: NDArray[np.uint8], quality: int, speed: int = 6) -> bytes:
    """An AVIF, 4:2:0, of a picture of shape (M, N, 3); quality 0..100, speed 0..10."""
    return _save(rgb, "AVIF", quality=quality, speed=speed, subsampling="4:2:0", max_threads=1)


def reduce(photo: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Reduce a picture of shape (M, N, 3) with Lanczos' windowed sinc (a = 3) to `shape`."""
    return _resize(photo, shape, Image.Resampling.LANCZOS)


def bicubic(photo: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Antialiased bicubic resize of a picture or plane; agrees with MATLAB's ``imresize``."""
    return _resize(photo, shape, Image.Resampling.BICUBIC)


def _resize(
    photo: NDArray[np.uint8], shape: tuple[int, int], kernel: Image.Resampling
) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(photo).resize(shape[::-1], kernel))


def _open(data: bytes, name: str) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # Our own limit decides, not Pillow's warning.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data))
    except UnidentifiedImageError as error:
        raise PictureUnreadable(name, "no picture format is recognised") from error
    except Image.DecompressionBombError as error:
        raise PictureUnreadable(name, str(error)) from error
    except (OSError, ValueError, SyntaxError) as error:
        raise PictureUnreadable(name, str(error)) from error
    if image.width * image.height > MAX_PIXELS:
        raise LimitExceeded(f"pixels of {name}", image.width * image.height, MAX_PIXELS)
    return image


def _to_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I;16") or image.mode == "I":
        image = Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8))
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    if profile and image.mode in ("RGB", "L", "CMYK"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            if converted is not None:
                return converted
        except ImageCms.PyCMSError:
            pass  # A profile that cannot be read is no reason to refuse the picture.
    return image.convert("RGB")


def _save(rgb: NDArray[np.uint8], container: str, **options: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, container, **options)
    return stream.getvalue()
