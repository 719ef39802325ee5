"""Image formats: how their files are named, on disk, on the web and by Pillow."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """An image format.

    Attributes
    ----------
    name : str
        As a bank and the command line spell it.
    title : str
        As people write it.
    suffixes : tuple of str
        Of its files, the usual one first, in lower case.
    media_type : str
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    media_type: str

    @property
    def suffix(self) -> str:
        """The usual suffix of its files."""
        return self.suffixes[0]


FORMATS = (
    Format("avif", "AVIF", (".avif",), "image/avif"),
    Format("bmp", "BMP", (".bmp",), "image/bmp"),
    Format("gif", "GIF", (".gif",), "image/gif"),
    Format("jpeg", "JPEG", (".jpg", ".jpeg"), "image/jpeg"),
    Format("png", "PNG", (".png",), "image/png"),
    Format("ppm", "PPM", (".ppm",), "image/x-portable-pixmap"),
    Format("tiff", "TIFF", (".tif", ".tiff"), "image/tiff"),
    Format("webp", "WebP", (".webp",), "image/webp"),
)
"""All that are read. Pillow reads more, some of them by running other programs."""

PHOTO_SUFFIXES = tuple(suffix for each in FORMATS for suffix in each.suffixes)
"""Of files that are taken for photographs."""


def format_named(name: str) -> Format:
    """The format of that name."""
    return next(each for each in FORMATS if each.name == name)


def format_of(suffix: str) -> Format | None:
    """The format whose files have that suffix, in whatever case; None if there is none."""
    return next((each for each in FORMATS if suffix.lower() in each.suffixes), None)
