"""Photographs encoded by raisr and by plain codecs: bytes, and the quality of the output image."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from statistics import mean

import numpy as np
from numpy.typing import NDArray

from raisr.bank_store import BankStore
from raisr.codecs import BaseCodec, base_codec
from raisr.codecs.avif import save_plain_avif
from raisr.codecs.jpeg import save_plain_jpeg
from raisr.decoding import decode
from raisr.encoded import Encoded
from raisr.errors import TooSmallToCompare
from raisr.evaluation.metrics import luma_psnr, luma_ssim, ssimulacra2
from raisr.executor import open_executor
from raisr.images.reading import decode_base, read_photo
from raisr.progress import Progress
from raisr.search.root_finding import first_passing
from raisr.search.search import search_sizes
from raisr.search.settings import Settings
from raisr_decoder.metadata import carries_metadata

RATES = (0.08, 0.125, 0.2, 0.33, 0.55, 1.0)
"""Bits per pixel that files are made for."""

SMALLEST = 64
"""Rows and columns that a photograph must have; smaller files are mostly headers."""

METRICS = {"psnr": "PSNR-Y", "ssim": "SSIM", "score": "SSIMULACRA2"}
"""Fields of `Point`, and their names in tables and plots."""

BASELINES = {
    "raisr jpeg": ("JPEG", "JPEG (mozjpeg)"),
    "raisr webp": ("WebP",),
    "raisr avif": ("AVIF", "AVIF (4:4:4)"),
    "raisr auto": ("JPEG",),
}
"""Methods of raisr, and the plain codecs that each is compared with."""


@dataclass(frozen=True)
class Point:
    """The size of a file and the quality of its output image.

    Attributes
    ----------
    rate : float
        Bits per pixel of the output image.
    psnr : float
        Of luma, in dB; infinite where equal.
    ssim : float
        Of luma.
    score : float
        SSIMULACRA2 of the whole image.
    """

    rate: float
    psnr: float
    ssim: float
    score: float


@dataclass(frozen=True)
class MeasuredFile:
    """A photograph encoded by raisr or a plain codec, and its point on the curve.

    Attributes
    ----------
    encoded : Encoded
        A plain codec's file has no bank and carries no metadata.
    point : Point
    """

    encoded: Encoded
    point: Point


@dataclass(frozen=True)
class Comparison:
    """One photograph, encoded by several methods.

    Attributes
    ----------
    photo : Path
    files : dict
        By method and rate; rates are missing that a method cannot get down to.
    """

    photo: Path
    files: dict[str, dict[float, MeasuredFile]]

    def curve(self, method: str) -> list[Point]:
        """The points of a method, by rising rate."""
        return [file.point for file in self.files[method].values()]


def plain_codecs() -> dict[str, BaseCodec]:
    """Codecs by themselves: as most programs use them, and as raisr encodes its base images."""
    jpeg, webp, avif = map(base_codec, ("jpeg", "webp", "avif"))
    return {
        "JPEG": replace(jpeg, encode=save_plain_jpeg),
        "JPEG (mozjpeg)": jpeg,
        "WebP": webp,
        "AVIF": replace(avif, encode=save_plain_avif),
        "AVIF (4:4:4)": avif,
    }


def methods() -> list[str]:
    """All that are compared, by name."""
    return [*plain_codecs(), *BASELINES]


def check_photo(source: Path) -> None:
    """Refuse a photograph that cannot be compared.

    Raises
    ------
    InputUnreadable, ImageUnreadable, LimitExceeded, TooSmallToCompare
    """
    rows, columns, _ = read_photo(source).shape
    if min(rows, columns) < SMALLEST:
        raise TooSmallToCompare(source, (rows, columns), SMALLEST)


# --- measuring --------------------------------------------------------------------------------


def measure_rates(
    source: Path, method: str, rates: Sequence[float], banks: BankStore
) -> dict[float, MeasuredFile]:
    """As `measure_sizes`, of a file and by bits per pixel.

    Returns
    -------
    dict
        By rate; rates are missing that the method cannot get down to.

    Raises
    ------
    InputUnreadable, ImageUnreadable, LimitExceeded, BankError
    """
    photo = read_photo(source)
    rows, columns, _ = photo.shape
    sizes = [int(rate * rows * columns / 8) for rate in rates]
    files = measure_sizes(photo, method, sizes, banks)
    return {rate: file for rate, file in zip(rates, files, strict=True) if file is not None}


def measure_sizes(
    photo: NDArray[np.uint8], method: str, sizes: Sequence[int], banks: BankStore
) -> list[MeasuredFile | None]:
    """Encode a photograph in at most so many bytes, and measure the output image.

    Parameters
    ----------
    photo : ndarray of shape (M, N, 3), uint8
    method : str
        One of `methods`.
    sizes : sequence of int
        Bytes, rising.
    banks : BankStore

    Returns
    -------
    list of MeasuredFile or None
        None where the method makes no file that small.

    Raises
    ------
    BankError
    """
    if method in BASELINES:
        settings = Settings(method.removeprefix("raisr "))
        found = search_sizes(photo, settings, sizes, banks)
        return [None if each is None else measure_payload(each, photo, banks) for each in found]
    return _measure_plain(photo, plain_codecs()[method], sizes)


def measure_payload(encoded: Encoded, photo: NDArray[np.uint8], banks: BankStore) -> MeasuredFile:
    """Measure the output image of a payload.

    Raises
    ------
    BankError
    """
    image = output_image(encoded, banks)
    return MeasuredFile(encoded, measure_image(image, photo, len(encoded.payload)))


def measure_image(image: NDArray[np.uint8], photo: NDArray[np.uint8], size: int) -> Point:
    """The point of an output image of shape (M, N, 3), uint8, whose file has `size` bytes."""
    rows, columns, _ = photo.shape
    return Point(
        8 * size / (rows * columns),
        luma_psnr(image, photo),
        luma_ssim(image, photo),
        ssimulacra2(image, photo),
    )


def output_image(encoded: Encoded, banks: BankStore) -> NDArray[np.uint8]:
    """What viewers see of a payload or of a plain codec's file: shape (M, N, 3), uint8.

    Raises
    ------
    BankError
    """
    data = encoded.payload
    return decode(data, banks) if carries_metadata(data) else decode_base(data)


def _measure_plain(
    photo: NDArray[np.uint8], codec: BaseCodec, sizes: Sequence[int]
) -> list[MeasuredFile | None]:
    """Encode by a plain codec; None where it makes no file that small."""
    encode = cache(lambda quality: codec.encode(photo, quality))

    def fit(size: int, start: float | None) -> float | None:
        def margin(quality: float) -> float:
            return math.log(size / len(encode(quality)))

        return first_passing(codec.ladder[::-1], margin, start)

    def measured(quality: float) -> MeasuredFile:
        data = encode(quality)
        point = measure_image(decode_base(data), photo, len(data))
        return MeasuredFile(
            Encoded(
                base=codec.name,
                scale=Fraction(1),
                quality=quality,
                bank=None,
                payload=data,
                score=point.score,
                psnr=point.psnr,
            ),
            point,
        )

    files: list[MeasuredFile | None] = []
    quality = None
    for size in sizes:
        quality = fit(size, quality)
        files.append(None if quality is None else measured(quality))
    return files


# --- comparing --------------------------------------------------------------------------------


Measure = Callable[[Path, str, Sequence[float], BankStore], dict[float, MeasuredFile]]


def compare(
    photos: Sequence[Path],
    banks: BankStore,
    jobs: int,
    progress: Progress,
    rates: Sequence[float] = RATES,
    measure: Measure = measure_rates,
) -> list[Comparison]:
    """Encode photographs by every method and at every rate.

    Parameters
    ----------
    photos : sequence of Path
        Those that `check_photo` accepts.
    banks : BankStore
    jobs : int
        Processes.
    progress : callable
    rates : sequence of float
        Bits per pixel, rising.
    measure : callable
        `measure_rates`, or a function that caches its results.

    Raises
    ------
    InputUnreadable, ImageUnreadable, LimitExceeded, BankError, WorkersLost
    """
    tasks = [(photo, method, tuple(rates)) for photo in photos for method in methods()]
    found: dict[Path, dict[str, dict[float, MeasuredFile]]] = {photo: {} for photo in photos}
    with open_executor(jobs, scheduler=None) as executor:
        results = executor.map(measure, tasks, banks)
        for done, (photo, method, _) in enumerate(tasks):
            progress("comparing", done, len(tasks))
            found[photo][method] = next(results)
    progress("comparing", len(tasks), len(tasks))
    return [Comparison(photo, files) for photo, files in found.items()]


def mean_curve(comparisons: Sequence[Comparison], method: str) -> list[Point]:
    """Mean points of the photographs, at the rates that all of them have by this method."""
    shared = set.intersection(*(set(each.files[method]) for each in comparisons))
    points = [[each.files[method][rate].point for each in comparisons] for rate in sorted(shared)]
    return [
        Point(
            mean(point.rate for point in at_rate),
            *(mean(getattr(point, metric) for point in at_rate) for metric in METRICS),
        )
        for at_rate in points
    ]
