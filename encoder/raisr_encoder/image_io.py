"""Pictures from files and back: the only module that imports PIL and pyvips."""

from __future__ import annotations

import io
import math
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyvips
from numpy.typing import NDArray
from PIL import (
    ExifTags,
    Image,
    ImageCms,
    ImageFile,
    JpegImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
)

from raisr_decoder.alpha import flatten
from raisr_decoder.errors import LimitExceeded, RaisrError
from raisr_decoder.payload import MAX_PIXELS
from raisr_encoder.errors import PictureUnreadable
from raisr_encoder.files import read_file

# Formats of photographs. Pillow reads more, some of them by running other programs.
FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
BASE_FORMATS = ("AVIF", "JPEG", "PNG", "WEBP")

MAX_SCANS = 100
"""Of a JPEG; each may cost as much as a whole picture. Encoders write about ten."""

# Pillow reads only the upper byte of 16-bit colours. Read once more in the other byte order, the
# same pixels give the lower byte. (";16N" is the order of this machine; "LA;16B" has no such twin,
# but read as four bytes a pixel it shows both bytes of both samples.)
_LOWER_BYTES = {
    "RGB;16B": "RGB;16L",
    "RGB;16L": "RGB;16B",
    "RGBX;16B": "RGBX;16L",
    "RGBX;16L": "RGBX;16B",
    "RGBA;16B": "RGBA;16L",
    "RGBA;16L": "RGBA;16B",
    "CMYK;16B": "CMYK;16L",
    "CMYK;16L": "CMYK;16B",
    "LA;16B": "RGBA",
}


@dataclass(frozen=True)
class Picture:
    """An upright picture in sRGB.

    Attributes
    ----------
    rgb : ndarray of shape (M, N, 3), uint8
        Colours, not multiplied by alpha.
    alpha : ndarray of shape (M, N), uint8, or None
        0 where the picture is transparent, 255 where it is opaque; None if it is opaque everywhere.
    """

    rgb: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """Colours and, unless the picture is opaque, alpha: shape (M, N, 3) or (M, N, 4), uint8."""
        return self.rgb if self.alpha is None else np.dstack([self.rgb, self.alpha])

    def over_white(self) -> NDArray[np.uint8]:
        """The picture as it looks on white paper: shape (M, N, 3), uint8."""
        return self.rgb if self.alpha is None else flatten(self.rgb, self.alpha)


def read_picture(source: Path) -> Picture:
    """A picture from a file, animations as their first frame.

    Raises
    ------
    InputUnreadable, PictureUnreadable, LimitExceeded
    """
    return decode_picture(read_file(source), source.name)


def decode_picture(data: bytes, name: str) -> Picture:
    """As `read_picture`, from the bytes of a file; `name` is for error messages."""
    with _reading(name):
        image = _open(data, name)
        colour, alpha = _separate(_eight_bit(image, data, name))
        orientation = _orientation(image)
        rgb = _upright(np.asarray(_to_srgb(colour, image.info.get("icc_profile"))), orientation)
        if alpha is None or (alpha == 255).all():
            return Picture(rgb, None)
        return Picture(rgb, _upright(alpha, orientation))


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
    InputUnreadable, PictureUnreadable, LimitExceeded
    """
    return read_picture(source).over_white()


def decode_photo(data: bytes, name: str) -> NDArray[np.uint8]:
    """As `read_photo`, from the bytes of a file; `name` is for error messages."""
    return decode_picture(data, name).over_white()


def photo_shape(data: bytes, name: str) -> tuple[int, int]:
    """Rows and columns that `decode_photo` would give, from the header alone.

    Raises
    ------
    PictureUnreadable, LimitExceeded
    """
    with _reading(name):
        image = _open(data, name)
        columns, rows = image.size
        return (columns, rows) if _orientation(image) >= 5 else (rows, columns)


def stored_shape(payload: bytes) -> tuple[int, int]:
    """Rows and columns that `decode_base` gives, from the header alone.

    Raises
    ------
    PictureUnreadable, LimitExceeded
    """
    with _reading("payload"):
        columns, rows = _open(payload, "payload", BASE_FORMATS).size
        return rows, columns


def decode_base(payload: bytes) -> NDArray[np.uint8]:
    """The base picture of a payload, as a browser decodes it.

    Returns
    -------
    ndarray of shape (M, N, 3), uint8

    Raises
    ------
    PictureUnreadable, LimitExceeded
    """
    with _reading("payload"):
        return np.asarray(_open(payload, "payload", BASE_FORMATS).convert("RGB"))


def save_png(rgb: NDArray[np.uint8]) -> bytes:
    """A picture of shape (M, N, 3) as a PNG file."""
    return _save(rgb, "PNG")


def save_ppm(rgb: NDArray[np.uint8]) -> bytes:
    """A picture of shape (M, N, 3) as a PPM file: the pixels as they are, in no time."""
    return _save(rgb, "PPM")


def save_jpeg(rgb: NDArray[np.uint8], quality: float) -> bytes:
    """A progressive JPEG, 4:2:0, of a picture of shape (M, N, 3); quality 1..100, whole.

    Written by mozjpeg, which comes inside libvips: trellis quantisation, scans of fewest bytes.
    """
    rows, columns, bands = rgb.shape
    pixels = np.ascontiguousarray(rgb).data
    image = pyvips.Image.new_from_memory(pixels, columns, rows, bands, "uchar")
    data: bytes = image.jpegsave_buffer(
        Q=quality,
        subsample_mode="on",
        interlace=True,
        optimize_coding=True,
        optimize_scans=True,
        trellis_quant=True,
        # Tables of Peterson, Ahumada and Watson (1993): against libjpeg-turbo 9 % fewer bytes for
        # the same luma PSNR, 12 % for SSIMULACRA2. Robidoux's lose 0.8 dB at a bit per pixel.
        quant_table=8,
        keep="none",
    )
    return data


def save_plain_jpeg(rgb: NDArray[np.uint8], quality: float) -> bytes:
    """As `save_jpeg`, written by libjpeg-turbo, as most programs write it."""
    return _save(rgb, "JPEG", quality=quality, optimize=True, progressive=True, subsampling="4:2:0")


def save_webp(rgb: NDArray[np.uint8], quality: float) -> bytes:
    """A lossy WebP of a picture of shape (M, N, 3); quality 0..100, whole."""
    return _save(rgb, "WEBP", quality=quality, method=6)


def save_avif(rgb: NDArray[np.uint8], quality: float, speed: int = 4) -> bytes:
    """An AVIF, 4:4:4, of a picture of shape (M, N, 3); quality 0..99, whole or not, speed 0..10."""
    quantizer, boost = _quantization(quality)
    # libaom's tuning for looks spends less on colour in 4:4:4, but sharpens at the cost of
    # fidelity, and moves more bytes to calm areas than pays. Bytes for the same luma PSNR /
    # SSIMULACRA2 against its tuning for SSIM, nine crops at speed 6: as it is -0.5 / -9.6 %, this
    # way -5 / -10 %.
    tuning = {"tune": "iq", "sharpness": "0", "enable-cdef": "1"}
    tuning |= {"cq-level": str(quantizer), "deltaq-strength": str(boost)}
    # Firefox decodes 4:2:0 to other pixels. Speed 5 takes 6 % fewer bytes than 6, and six times as
    # long; 4 takes 2 and 1 % fewer than 5, and 1.4 times as long. Two threads take half the time,
    # and 0.1 to 0.5 % more bytes than one; more change nothing.
    options = {"speed": speed, "subsampling": "4:4:4", "max_threads": 2, "advanced": tuning}
    return _save(rgb, "AVIF", **options)


def _quantization(quality: float) -> tuple[int, int]:
    """Quantizer 1..63, and percent of variance boost: what makes a file larger by less than that.

    One quantizer less takes 4 to 10 % more bytes, and 20 % more boost 3 to 14 %, for about the same
    gain per byte.
    """
    whole, fraction = divmod(quality, 1)
    # Whole qualities much as libavif maps them for this tuning, which has fewer quantizers.
    exact = float(np.interp(whole, (0, 34, 99), (63, 47, 1)))
    quantizer = math.ceil(exact)
    return quantizer, round(40 + 20 * (quantizer - exact) + 50 * fraction)


def save_plain_avif(rgb: NDArray[np.uint8], quality: float) -> bytes:
    """As `save_avif`, as Pillow writes it unless told otherwise: 4:2:0, speed 6."""
    return _save(rgb, "AVIF", quality=quality, max_threads=1)


def lanczos(photo: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Reduce a picture of shape (M, N, 3) with Lanczos' windowed sinc (a = 3) to `shape`."""
    return _resize(photo, shape, Image.Resampling.LANCZOS)


def bicubic(photo: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Antialiased bicubic resize of a picture or plane; agrees with MATLAB's ``imresize``."""
    return _resize(photo, shape, Image.Resampling.BICUBIC)


def _resize(
    photo: NDArray[np.uint8], shape: tuple[int, int], kernel: Image.Resampling
) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(photo).resize(shape[::-1], kernel))


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Turn whatever goes wrong in reading a picture into our errors, and warnings into silence."""
    try:
        # For good: what `catch_warnings` puts back, another thread may have changed meanwhile.
        warnings.filterwarnings("ignore", module="PIL", append=True)
        yield
    except RaisrError:
        raise
    except UnidentifiedImageError as error:
        known = ", ".join(FORMATS)
        raise PictureUnreadable(name, f"it is none of {known}, or damaged") from error
    except Exception as error:
        # Damaged files make Pillow raise nearly anything: OSError, SyntaxError, struct.error, ...
        raise PictureUnreadable(name, str(error) or type(error).__name__) from error


def _open(data: bytes, name: str, formats: tuple[str, ...] = FORMATS) -> ImageFile.ImageFile:
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


def _eight_bit(image: ImageFile.ImageFile, data: bytes, name: str) -> Image.Image:
    """Load `image` with 8-bit samples, rounded from wider ones; a transparent colour becomes alpha.

    Parameters
    ----------
    image : Image
        Freshly opened.
    data : bytes
        The file it is from.
    name : str
    """
    rawmode = _rawmode(image)
    _refuse_unsupported(image, rawmode, name)
    image.load()
    key = image.info.get("transparency")
    maximum = 65535
    if image.mode.startswith("I"):
        samples = np.asarray(image).astype(np.uint32)
        if rawmode == "I;12":
            maximum = 4095
        if _tag(image, ExifTags.Base.PhotometricInterpretation) == 0:
            samples = maximum - samples  # White is zero, which Pillow overlooks here.
    elif rawmode in _LOWER_BYTES:
        samples = _sixteen_bit(image, rawmode, data, name)
    elif image.mode in ("1", "L", "RGB") and key is not None:
        samples = np.asarray(image.convert("L") if image.mode == "1" else image).astype(np.uint32)
        maximum = 255
    else:
        return image
    eight = (samples * 255 + maximum // 2) // maximum
    if key is not None:
        # Pillow leaves the key of a gray PNG as it is, but spreads the samples over 0..255.
        differs = samples != np.asarray(key) * {"L;2": 85, "L;4": 17}.get(rawmode, 1)
        eight = np.dstack([eight, 255 * (differs if differs.ndim == 2 else differs.any(axis=2))])
    return _image_of(eight.astype(np.uint8), cmyk=image.mode == "CMYK")


def _rawmode(image: ImageFile.ImageFile) -> str:
    """What Pillow calls the layout of the samples in the file."""
    args = image.tile[0].args if image.tile else None
    rawmode = args[0] if isinstance(args, tuple) and args else args
    if not isinstance(rawmode, str):
        return ""
    native = ";16L" if sys.byteorder == "little" else ";16B"
    return rawmode.replace(";16N", native)


def _refuse_unsupported(image: Image.Image, rawmode: str, name: str) -> None:
    """Refuse samples whose range nothing tells, or that Pillow would take for others."""
    if image.mode == "F" or (image.mode == "I" and image.format != "PPM"):
        raise PictureUnreadable(name, "signed, 32-bit and floating-point samples are not supported")
    bits = _tag(image, ExifTags.Base.BitsPerSample)
    if len(rawmode) == 1 and isinstance(bits, tuple) and len(bits) > 1 and max(bits) > 8:
        raise PictureUnreadable(name, "16-bit colours in separate planes are not supported")


def _tag(image: Image.Image, tag: int) -> object:
    return image.tag_v2.get(tag) if isinstance(image, TiffImagePlugin.TiffImageFile) else None


def _sixteen_bit(image: Image.Image, rawmode: str, data: bytes, name: str) -> NDArray[np.uint32]:
    """The samples of a picture of 16-bit colours, whose upper bytes are loaded.

    Returns
    -------
    ndarray of shape (M, N, channels), uint32, 0..65535
    """
    again = _open(data, name)
    again.tile = [
        tile._replace(args=_with_rawmode(tile.args, _LOWER_BYTES[rawmode])) for tile in again.tile
    ]
    upper: NDArray[np.uint32] = np.asarray(image).astype(np.uint32)
    lower: NDArray[np.uint8] = np.asarray(again)
    if rawmode == "LA;16B":
        upper, lower = upper[..., [0, 3]], lower[..., [1, 3]]
    return np.uint32(256) * upper + lower


def _with_rawmode(args: tuple[object, ...] | str | None, rawmode: str) -> tuple[object, ...] | str:
    return (rawmode, *args[1:]) if isinstance(args, tuple) else rawmode


def _image_of(samples: NDArray[np.uint8], cmyk: bool) -> Image.Image:
    channels = 1 if samples.ndim == 2 else samples.shape[2]
    mode = "CMYK" if cmyk else {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    return Image.fromarray(np.ascontiguousarray(samples), mode)


def _separate(image: Image.Image) -> tuple[Image.Image, NDArray[np.uint8] | None]:
    """Colours, in mode L, RGB, CMYK or LAB, and alpha, of shape (M, N), uint8, if there is any."""
    if image.mode == "La":
        image = image.convert("LA")
    if image.mode == "LA":
        return image.getchannel("L"), np.asarray(image.getchannel("A"))
    if image.mode in ("PA", "RGBA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        return image.convert("RGB"), np.asarray(image.getchannel("A"))
    if image.mode in ("L", "CMYK", "LAB"):
        return image, None
    return image.convert("L" if image.mode == "1" else "RGB"), None


def _orientation(image: Image.Image) -> int:
    """How the rows lie: 1..8, as in EXIF; 1 is upright."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return 1  # Pillow turns these itself.
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:
        return 1  # Damaged metadata is no reason to refuse the picture.
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


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Colours of mode L, RGB, CMYK or LAB as sRGB, by the ICC profile where it is usable."""
    srgb = ImageCms.createProfile("sRGB")
    if image.mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        return ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB") or image
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if source.profile.xcolor_space.strip() == "RGB" and image.mode == "L":
                image = image.convert("RGB")
            # The quick way is exact enough in three channels, but up to ten levels off in one.
            flags = ImageCms.Flags.NOOPTIMIZE if image.mode == "L" else ImageCms.Flags.NONE
            converted = ImageCms.profileToProfile(
                image, source, srgb, outputMode="RGB", flags=flags
            )
            if converted is not None:
                return converted
        except (ImageCms.PyCMSError, OSError):
            pass  # A profile that cannot be used is no reason to refuse the picture.
    return image.convert("RGB")


def _save(rgb: NDArray[np.uint8], container: str, **options: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, container, **options)
    return stream.getvalue()
