"""JPEG, WebP, AVIF and PNG behind one interface: a file for each."""

from __future__ import annotations

from raisr.codecs.avif import avif
from raisr.codecs.base import BaseCodec
from raisr.codecs.jpeg import jpeg
from raisr.codecs.png import png
from raisr.codecs.webp import webp

__all__ = ["BaseCodec", "base_codec", "base_codecs"]


def base_codec(name: str) -> BaseCodec:
    """The base codec of that name: jpeg, webp, avif or png."""
    return {codec.name: codec for codec in base_codecs()}[name]


def base_codecs() -> tuple[BaseCodec, ...]:
    """All base codecs."""
    return jpeg(), webp(), avif(), png()
