"""What the filters learn from: luma of a base image after some stages, beside the photograph's."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from skimage.filters import unsharp_mask

from raisr import kernels
from raisr.codecs import base_codec
from raisr.errors import CheckpointDamaged, PhotographNotShared
from raisr.images.downscaling import downscale_photo
from raisr.images.reading import decode_base, read_photo
from raisr.training.checkpoints import CheckpointDirectory
from raisr.training.examples import Example
from raisr.training.items import demand_knots, load_stage, pair_name
from raisr_decoder.bank import noise_at
from raisr_decoder.color import luma, round_luma
from raisr_decoder.pipeline import Steps, resize_luma
from raisr_decoder.shapes import Shape, scaled_shape


@dataclass(frozen=True)
class Pair:
    """Luma before a stage, and the luma that the stage should make of it.

    Attributes
    ----------
    plane : ndarray of shape (M, N), uint8
    target : ndarray of shape (R, C), uint8
    """

    plane: NDArray[np.uint8]
    target: NDArray[np.uint8]


@dataclass(frozen=True)
class EncodedLuma:
    """Luma of a base image and of its photograph.

    Attributes
    ----------
    base : ndarray of shape (M, N), uint8
    steps : (Fraction, Fraction)
        Base samples per output sample, along rows and columns.
    photo : ndarray of shape (R, C), uint8
    """

    base: NDArray[np.uint8]
    steps: Steps
    photo: NDArray[np.uint8]

    def upscaled(self) -> NDArray[np.int16]:
        """Luma of the base image after a bicubic resize, as `resize_luma` returns it."""
        return resize_luma(self.base, _shape(self.photo), self.steps, kernels.engine())


def pair_after(checkpoints: CheckpointDirectory, example: Example, stages: int) -> Pair:
    """The pair after the first filter stages, from the checkpoint directory or made anew.

    Raises
    ------
    RaisrError
        The photograph cannot be read.
    """
    checkpoints.check()
    found = checkpoints.load(pair_name(example, stages))
    if found is not None:
        return Pair(found["plane"].astype(np.uint8), found["target"].astype(np.uint8))
    pair = _filtered(checkpoints, example, stages) if stages else _first_pair(example)
    checkpoints.store(pair_name(example, stages), plane=pair.plane, target=pair.target)
    if stages:
        checkpoints.drop(pair_name(example, stages - 1))
    return pair


def encode_luma(example: Example) -> EncodedLuma:
    """Encode and decode the base image of an example.

    Raises
    ------
    PhotographNotShared
    RaisrError
        The photograph cannot be read.
    """
    if example.present and not example.photo.exists():
        raise PhotographNotShared(example.photo, socket.gethostname())
    photo = read_photo(example.photo)
    codec = base_codec(example.base)
    if example.upsample_first:
        downscaled = codec.downscale(photo, scaled_shape(_shape(photo), 1 / example.scale))
        steps = (
            Fraction(downscaled.shape[0], photo.shape[0]),
            Fraction(downscaled.shape[1], photo.shape[1]),
        )
    else:
        downscaled = downscale_photo(photo, example.scale, codec.downscale)
        steps = 1 / example.scale, 1 / example.scale
    base = decode_base(codec.encode(downscaled, codec.nearest(example.quality)))
    return EncodedLuma(luma(base), steps, luma(photo))


def _shape(image: NDArray[np.uint8]) -> Shape:
    """Rows and columns of an image or plane."""
    return image.shape[0], image.shape[1]


def _filtered(checkpoints: CheckpointDirectory, example: Example, stages: int) -> Pair:
    before = pair_after(checkpoints, example, stages - 1)
    found = load_stage(checkpoints, stages)
    if found is None:
        raise CheckpointDamaged(checkpoints.path)
    noise = noise_at(example.quality, demand_knots(checkpoints))
    plane = round_luma(kernels.filter_plane(before.plane, found[0].at(noise)))
    rows, columns = before.target.shape
    return Pair(plane[:rows, :columns], before.target)


def _first_pair(example: Example) -> Pair:
    encoded = encode_luma(example)
    target = _sharpened(encoded.photo, example.sharpen)
    plane = round_luma(encoded.upscaled()) if example.upsample_first else encoded.base
    return Pair(plane, target)


def _sharpened(plane: NDArray[np.uint8], amount: float) -> NDArray[np.uint8]:
    if not amount:
        return plane
    sharp = unsharp_mask(  # type: ignore[no-untyped-call]
        plane.astype(np.float64), radius=1.0, amount=amount, preserve_range=True
    )
    rounded: NDArray[np.uint8] = np.clip(np.rint(sharp), 0, 255).astype(np.uint8)
    return rounded
