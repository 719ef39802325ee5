from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from raisr.bank_store import BankStore
from raisr.errors import ImageTooSmall, WrongScale
from raisr.evaluation.super_resolution import (
    Score,
    check_scale,
    downscale,
    evaluate,
    mean_score,
    upscale_bicubic,
)
from raisr.images.reading import read_photo
from raisr.images.writing import save_png
from support import SAMPLES, random_bank


def keys(distance: np.ndarray) -> np.ndarray:
    """Keys' cubic kernel with a = -1/2, as MATLAB and Pillow have it."""
    near = 1.5 * distance**3 - 2.5 * distance**2 + 1
    far = -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
    return np.where(distance < 1, near, np.where(distance < 2, far, 0.0))


def resampling(size: int, result: int) -> np.ndarray:
    """The matrix of an antialiased bicubic resize, shape (result, size)."""
    step = size / result
    centre = (np.arange(result)[:, None] + 0.5) * step - 0.5
    weights = keys(np.abs(np.arange(size) - centre) / max(step, 1.0))
    return weights / weights.sum(axis=1, keepdims=True)


def resize(plane: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    down, across = (resampling(*sizes) for sizes in zip(plane.shape, shape, strict=True))
    return np.clip(np.rint(down @ plane @ across.T), 0, 255)


@pytest.mark.parametrize("scale", [Fraction(2), Fraction(3), Fraction(3, 2)])
def test_the_bicubic_figure_agrees_with_the_protocol_written_out(scale: Fraction) -> None:
    rows, columns = np.mgrid[:73, :98]
    gray = np.rint(128 + 60 * np.sin(rows**2 / 90) + 60 * np.cos(columns * rows / 300))
    photo = np.repeat(gray[..., None], 3, axis=2).astype(np.uint8)

    kept = [size - size % scale.numerator for size in gray.shape]
    luma = 16 + 219 * gray[: kept[0], : kept[1]] / 255
    small = resize(luma, (int(kept[0] / scale), int(kept[1] / scale)))
    error = (resize(small, luma.shape) - luma)[2:-2, 2:-2]
    if scale == 3:
        error = error[1:-1, 1:-1]
    expected = 10 * np.log10(255**2 / np.mean(error**2))

    image = downscale(photo, scale, "waves")
    assert (image.base == small).all()
    assert image.psnr(upscale_bicubic(image)) == pytest.approx(expected, abs=1e-4)


def test_the_shipped_bank_beats_bicubic(tmp_path: Path) -> None:
    source = tmp_path / "dogs.png"
    source.write_bytes(save_png(read_photo(SAMPLES / "two-dogs.jpg")[400:520, 400:580]))
    score = evaluate(source, Fraction(2), BankStore().closest("png", Fraction(2)))
    assert score.name == "dogs.png"
    assert score.psnr > score.bicubic_psnr + 0.3


def test_nothing_beyond_the_border_counts() -> None:
    image = downscale(np.zeros((12, 12, 3), np.uint8), Fraction(2), "black")
    upscaled = np.full((12, 12), 16, np.uint8)
    upscaled[:2] = upscaled[:, -2:] = 255
    assert image.psnr(upscaled) == np.inf
    upscaled[2, 2] = 17
    assert image.psnr(upscaled) == pytest.approx(10 * np.log10(255**2 * 64))


def test_the_mean_is_that_of_decibels() -> None:
    scores = [Score("a", 30.0, 20.0), Score("b", 40.0, 25.0)]
    assert mean_score(scores) == Score("mean", 35.0, 22.5)


def test_any_scale_has_a_bank_and_its_own_is_preferred() -> None:
    assert BankStore().closest("png", Fraction(2)).scale == 2
    assert BankStore().closest("png", Fraction("1.37")).scale is None


def test_a_bank_of_another_scale_is_refused() -> None:
    check_scale(random_bank(1, block=4), Fraction(2))
    check_scale(random_bank(1, block=None), Fraction("1.37"))
    with pytest.raises(WrongScale) as caught:
        check_scale(random_bank(1, block=4), Fraction(3))
    assert (caught.value.served, caught.value.wanted) == (2, 3)


@pytest.mark.parametrize(("shape", "scale"), [((4, 50), 2), ((50, 5), 2), ((2, 2), 3)])
def test_an_image_too_small_is_refused(shape: tuple[int, int], scale: int) -> None:
    with pytest.raises(ImageTooSmall) as caught:
        downscale(np.zeros((*shape, 3), np.uint8), Fraction(scale), "tiny")
    assert (caught.value.shape, caught.value.scale) == (shape, scale)
    smallest = caught.value.smallest
    image = downscale(np.zeros((smallest, smallest, 3), np.uint8), Fraction(scale), "small")
    assert image.psnr(upscale_bicubic(image)) == np.inf
