"""The functions of `import raisr`. Each imports what it needs when it is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from raisr.encoded import Encoded
    from raisr_decoder.engine import Engine

    Pixels = NDArray[np.uint8] | Image
    Source = bytes | bytearray | memoryview | str | Path


@dataclass(frozen=True)
class Info:
    """What a payload says of itself.

    Attributes
    ----------
    width, height : int
        Of the output image, in pixels.
    base : str
        Base codec: jpeg, webp, avif or png.
    scale : Fraction
        Output size / base size.
    quality : int
        Of the base codec, 0..100: what the base image was compressed with.
    bank : str or None
        Id of the filter bank; None where no filters restore the base image.
    psnr : float or None
        PSNR of the output image's luma in dB, as the encoder measured it.
    ssimulacra2 : float or None
        SSIMULACRA2 of the output image, as the encoder measured it.
    """

    width: int
    height: int
    base: str
    scale: Fraction
    quality: int
    bank: str | None
    psnr: float | None
    ssimulacra2: float | None


@overload
def encode(
    image: Pixels,
    *,
    base: str = ...,
    scale: Fraction | float | str | None = ...,
    quality: int | None = ...,
    target_size: int | None = ...,
    target_score: float | None = ...,
    effort: int = ...,
    banks: Sequence[str | Path] = ...,
    return_report: Literal[False] = ...,
) -> bytes: ...


@overload
def encode(
    image: Pixels,
    *,
    base: str = ...,
    scale: Fraction | float | str | None = ...,
    quality: int | None = ...,
    target_size: int | None = ...,
    target_score: float | None = ...,
    effort: int = ...,
    banks: Sequence[str | Path] = ...,
    return_report: Literal[True],
) -> tuple[bytes, Encoded]: ...


def encode(
    image: Pixels,
    *,
    base: str = "auto",
    scale: Fraction | float | str | None = None,
    quality: int | None = None,
    target_size: int | None = None,
    target_score: float | None = None,
    effort: int = 2,
    banks: Sequence[str | Path] = (),
    return_report: bool = False,
) -> bytes | tuple[bytes, Encoded]:
    """Encode a photograph as a payload: a small, ordinary image with metadata inside.

    Parameters
    ----------
    image : ndarray of shape (M, N), (M, N, 3) or (M, N, 4), uint8, or PIL image
        sRGB, with straight alpha. Colour profile and orientation of a PIL image are applied.
    base : str, optional
        Base codec: jpeg, webp, avif or png; "auto" for the best of those that all browsers decode.
    scale : Fraction, float or str, optional
        Output size / base size: 1, 3/2, 2, 5/2, 3 or 4; the best by default.
    quality : int, optional
        Of the base codec, 0..100, literally.
    target_size : int, optional
        Largest payload in bytes; the best that fits is kept.
    target_score : float, optional
        Lowest SSIMULACRA2 of the output image; the fewest bytes that reach it are kept. 70 where
        neither a quality nor a target is given.
    effort : int, optional
        How much is tried: 1, 2 or 3.
    banks : sequence of path, optional
        Bank files or folders of them, preferred to the shipped ones.
    return_report : bool, optional
        Whether to return what was chosen and measured as well.

    Returns
    -------
    bytes, or (bytes, Encoded)

    Raises
    ------
    SettingsInvalid, TargetUnreachable, ScoreUnreachable, BankMissing, BankError,
    ImageUnsupported, LimitExceeded

    Examples
    --------
    >>> import numpy as np
    >>> import raisr
    >>> rows, columns = np.mgrid[:64, :96]
    >>> image = np.stack([2 * rows, 2 * columns, rows + columns], axis=-1).astype(np.uint8)
    >>> data, report = raisr.encode(
    ...     image, base="jpeg", scale=2, quality=50, return_report=True
    ... )
    >>> report.base, report.scale, report.quality
    ('jpeg', Fraction(2, 1), 50)
    >>> raisr.decode(data).shape
    (64, 96, 3)
    """
    from raisr.bank_store import BankStore
    from raisr.images.arrays import pixels_of
    from raisr.search.search import search
    from raisr.search.settings import Settings

    exact = None if scale is None else _fraction(scale)
    settings = Settings(base, exact, quality, target_size, target_score, effort)
    encoded = search(pixels_of(image), settings, BankStore.of(banks))
    return (encoded.payload, encoded) if return_report else encoded.payload


def decode(
    source: Source, *, engine: str | Engine = "auto", banks: Sequence[str | Path] = ()
) -> NDArray[np.uint8]:
    """Decode a payload to the output image that viewers see.

    Parameters
    ----------
    source : bytes or path
        A payload, or the path of one.
    engine : str or Engine, optional
        "numba", "numpy", or "auto" for the fastest that is installed; all give the same pixels.
    banks : sequence of path, optional
        Bank files or folders of them, preferred to the shipped ones.

    Returns
    -------
    ndarray of shape (M, N, 3), or (M, N, 4) with straight alpha, uint8
        sRGB.

    Raises
    ------
    PayloadError, BankError, ImageUnreadable, InputUnreadable, LimitExceeded

    Examples
    --------
    >>> import numpy as np
    >>> import raisr
    >>> gray = np.full((40, 60), 128, np.uint8)
    >>> data = raisr.encode(gray, base="jpeg", scale=2, quality=50)
    >>> raisr.decode(data)[0, 0]
    array([128, 128, 128], dtype=uint8)
    """
    from raisr.bank_store import BankStore
    from raisr.decoding import decode
    from raisr.engines import engine_named

    chosen = engine_named(engine) if isinstance(engine, str) else engine
    return decode(_bytes_of(source), BankStore.of(banks), chosen)


def upscale(
    image: Pixels,
    *,
    scale: Fraction | float | str | None = None,
    output_shape: tuple[int, int] | None = None,
    compressed: bool = False,
    engine: str | Engine = "auto",
    banks: Sequence[str | Path] = (),
) -> NDArray[np.uint8]:
    """Upscale an ordinary image, one without metadata.

    Parameters
    ----------
    image : ndarray of shape (M, N), (M, N, 3) or (M, N, 4), uint8, or PIL image
        sRGB, with straight alpha.
    scale : Fraction, float or str, optional
        1 to 8; 2 where no shape is given, either. Sizes are rounded half up.
    output_shape : (int, int), optional
        Rows and columns of the result, in place of a scale.
    compressed : bool, optional
        Whether the image was compressed with loss, so that artefacts are to be removed as well.
    engine : str or Engine, optional
        As `decode` takes it.
    banks : sequence of path, optional
        As `decode` takes them.

    Returns
    -------
    ndarray of shape (R, C), (R, C, 3) or (R, C, 4), uint8
        With as many channels as `image`.

    Raises
    ------
    SettingsInvalid, OutputTooSmall, ImageUnsupported, LimitExceeded, BankMissing, BankError

    Examples
    --------
    >>> import numpy as np
    >>> import raisr
    >>> image = np.full((20, 30, 3), 200, np.uint8)
    >>> raisr.upscale(image, scale=3).shape
    (60, 90, 3)
    >>> raisr.upscale(image[..., 0], output_shape=(33, 50)).shape
    (33, 50)
    """
    from raisr.bank_store import BankStore
    from raisr.engines import engine_named
    from raisr.errors import SettingsInvalid
    from raisr.images.arrays import pixels_of
    from raisr.upscaling import upscale
    from raisr_decoder.shapes import scaled_shape

    pixels = pixels_of(image)
    if output_shape is None:
        output_shape = scaled_shape(pixels.shape[:2], _fraction(2 if scale is None else scale))
    elif scale is not None:
        raise SettingsInvalid("scale and output_shape exclude each other; give one")
    chosen = engine_named(engine) if isinstance(engine, str) else engine
    big = upscale(pixels, output_shape, compressed, BankStore.of(banks), chosen)
    return big[..., 0] if getattr(image, "ndim", 3) == 2 else big


def info(source: Source) -> Info:
    """What a payload says of itself, without decoding it.

    Parameters
    ----------
    source : bytes or path
        A payload, or the path of one.

    Raises
    ------
    PayloadError, ImageUnreadable, InputUnreadable, LimitExceeded

    Examples
    --------
    >>> import numpy as np
    >>> import raisr
    >>> data = raisr.encode(np.zeros((40, 60), np.uint8), base="webp", scale=2, quality=50)
    >>> facts = raisr.info(data)
    >>> facts.width, facts.height, facts.base, facts.scale, facts.quality
    (60, 40, 'webp', Fraction(2, 1), 50)
    """
    from raisr.images.reading import stored_shape
    from raisr_decoder.containers import container_of
    from raisr_decoder.metadata import parse
    from raisr_decoder.shapes import scale_between

    payload = _bytes_of(source)
    metadata = parse(payload)
    return Info(
        metadata.width,
        metadata.height,
        container_of(payload).name.lower(),
        scale_between(stored_shape(payload), metadata.shape),
        metadata.quality,
        metadata.bank,
        metadata.psnr,
        metadata.score,
    )


def read(source: Source) -> NDArray[np.uint8]:
    """An image from a file: a payload decoded, any other as upright sRGB.

    Parameters
    ----------
    source : bytes or path

    Returns
    -------
    ndarray of shape (M, N, 3), or (M, N, 4) with straight alpha, uint8

    Raises
    ------
    InputUnreadable, ImageUnreadable, PayloadError, BankError, LimitExceeded

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import raisr
    >>> with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
    ...     _ = raisr.write(file.name, np.zeros((40, 60), np.uint8), quality=50)
    ...     raisr.read(file.name).shape
    (40, 60, 3)
    """
    from raisr.images.reading import decode_image
    from raisr_decoder.metadata import carries_metadata

    data = _bytes_of(source)
    if carries_metadata(data):
        return decode(data)
    return decode_image(data, str(source) if isinstance(source, str | Path) else "image").pixels


def write(path: str | Path, image: Pixels, **options: Any) -> Encoded:
    """Encode a photograph and write the payload; the suffix chooses the base codec.

    Parameters
    ----------
    path : path
        Ends in .jpg, .jpeg, .webp, .avif or .png.
    image : ndarray or PIL image
        As `encode` takes it.
    **options
        Of `encode`, but for `base`.

    Returns
    -------
    Encoded
        What was chosen and measured.

    Raises
    ------
    OutputUnwritable
        And what `encode` raises.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import raisr
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "small.webp")
    ...     report = raisr.write(path, np.zeros((40, 60), np.uint8), scale=2, quality=50)
    ...     path.stat().st_size == len(report.payload)
    True
    """
    from raisr.errors import OutputUnwritable
    from raisr.files import write_whole
    from raisr.formats import format_of
    from raisr_decoder.bank import BASES

    target = Path(path)
    chosen = format_of(target.suffix)
    if chosen is None or chosen.name not in BASES:
        raise OutputUnwritable(target, f"its suffix names none of {', '.join(BASES)}")
    payload, report = encode(image, base=chosen.name, return_report=True, **options)
    write_whole(target, payload)
    return report


def _bytes_of(source: Source) -> bytes:
    if isinstance(source, str | Path):
        from raisr.files import read_file

        return read_file(Path(source))
    return bytes(source)


def _fraction(scale: Fraction | float | str) -> Fraction:
    """A scale as a person means it: 1.37 is 137/100, not the nearest binary fraction."""
    from raisr.errors import SettingsInvalid

    try:
        return Fraction(str(scale))
    except (ValueError, ZeroDivisionError) as error:
        raise SettingsInvalid(f"{scale!r} is no scale; give a number such as 2 or '3/2'") from error
