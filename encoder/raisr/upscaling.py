"""An ordinary image -> a larger one."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from raisr.bank_store import BankStore
from raisr.engines import fastest
from raisr.errors import OutputTooSmall
from raisr_decoder.alpha import split_alpha
from raisr_decoder.bank import Bank
from raisr_decoder.engine import Engine
from raisr_decoder.pipeline import restore
from raisr_decoder.shapes import Shape, check_sizes

CLEAN, COMPRESSED = ("png", 100), ("jpeg", 80)
"""Base codec and quality that stand for images without and with artefacts."""


def upscale(
    image: NDArray[np.uint8],
    shape: Shape,
    compressed: bool = False,
    banks: BankStore | None = None,
    engine: Engine | None = None,
) -> NDArray[np.uint8]:
    """Upscale an image.

    Parameters
    ----------
    image : ndarray of shape (M, N, 3), or (M, N, 4) with straight alpha, uint8
        sRGB.
    shape : (int, int)
        Rows and columns of the result, none smaller than the image's.
    compressed : bool, optional
        Whether the image was compressed with loss, so that artefacts are to be removed as well.
    banks : BankStore, optional
        Banks to choose from; the shipped ones by default.
    engine : Engine, optional
        The fastest by default.

    Returns
    -------
    ndarray of shape (*shape, 3) or (*shape, 4), uint8

    Raises
    ------
    OutputTooSmall, LimitExceeded, BankMissing, BankError
    """
    rows, columns = image.shape[:2]
    if shape[0] < rows or shape[1] < columns:
        raise OutputTooSmall((rows, columns), shape)
    check_sizes((rows, columns), shape)
    _, quality = COMPRESSED if compressed else CLEAN
    bank = choose_bank((rows, columns), shape, compressed, banks or BankStore())
    rgb, alpha = split_alpha(image)
    return restore(rgb, bank.filters(quality), shape, alpha, engine or fastest())


def choose_bank(small: Shape, shape: Shape, compressed: bool, banks: BankStore) -> Bank:
    """The bank that upscales an ordinary image best.

    Parameters
    ----------
    small, shape : (int, int)
        Rows and columns of the image, and of the result.
    compressed : bool
        Whether artefacts are to be removed as well.
    banks : BankStore

    Raises
    ------
    BankMissing, BankError
    """
    base, _ = COMPRESSED if compressed else CLEAN
    scale = Fraction(shape[0], small[0])
    # A direct bank upscales rows and columns alike.
    alike = scale == Fraction(shape[1], small[1])
    return banks.closest(base, scale) if alike else banks.resizing(base, scale)
