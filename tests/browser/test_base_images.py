"""How far the base images that browsers decode are from those that the encoder measured."""

import base64
import io
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser

from file_server import serving
from raisr.images.reading import decode_base, read_photo
from raisr_web.pictures import STATIC
from support import SAMPLES, random_picture

# The worker's own function on many files at once: what comes back is, for each of them, its width
# and height as 32-bit numbers and its pixels.
DECODE = """async (files) => {
  const { decodeBaseImage } = await import("/base-image.js");
  const parts = [];
  for (const file of files) {
    const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
    const { width, height, data } = await decodeBaseImage(bytes);
    parts.push(new Uint32Array([width, height]), data);
  }
  const reader = new FileReader();
  await new Promise((resolve) => {
    reader.onload = resolve;
    reader.readAsDataURL(new Blob(parts));
  });
  return reader.result;
}"""

# What Pillow is asked for, by kind of base image; each in all the variants of its list.
QUALITIES = {"JPEG": (10, 50, 90), "WEBP": (10, 50, 90), "AVIF": (30, 60, 90)}
SUBSAMPLINGS = ("4:2:0", "4:2:2", "4:4:4")
OPAQUE = {
    "PNG": [{}],
    "PNG gray": [{}],
    "PNG palette": [{}],
    "WEBP": [{"method": 6}, {"method": 6, "use_sharp_yuv": True}],
    "WEBP gray": [{"method": 6}],
    "WEBP lossless": [{"lossless": True}],
    "JPEG gray": [{}, {"progressive": True, "optimize": True}],
    **{
        f"JPEG {subsampling}": [
            {"subsampling": subsampling},
            {"subsampling": subsampling, "optimize": True},
            {"subsampling": subsampling, "optimize": True, "progressive": True},
        ]
        for subsampling in SUBSAMPLINGS
    },
    "AVIF gray": [{}],
    **{
        f"AVIF {subsampling}": [
            {"subsampling": subsampling},
            {"subsampling": subsampling, "advanced": {"tune": "ssim"}},
        ]
        for subsampling in SUBSAMPLINGS
    },
}
TRANSPARENT = {
    "PNG": [{}],
    "WEBP": [{"method": 6}],
    "WEBP lossless": [{"lossless": True, "exact": True}],
    "AVIF 4:2:0": [{"subsampling": "4:2:0"}],
    "AVIF 4:4:4": [{"subsampling": "4:4:4"}],
}
# Firefox repeats each chroma sample here, where others interpolate.
REPEATED_CHROMA = {"AVIF 4:2:0", "AVIF 4:2:2"}


class Pair(NamedTuple):
    """RGBA of shape (M, N, 4), int, as Pillow and as the browser sees it."""

    expected: NDArray[np.int64]
    actual: NDArray[np.int64]

    @property
    def difference(self) -> NDArray[np.int64]:
        return np.abs(self.actual - self.expected)

    @property
    def difference_of_luma(self) -> NDArray[np.float64]:
        return np.abs((self.actual - self.expected)[..., :3] @ (0.299, 0.587, 0.114))


@pytest.fixture(scope="module")
def images() -> list[NDArray[np.uint8]]:
    """Photographs and noise with extremes, of even and odd sizes and tiny ones."""
    photo = read_photo(SAMPLES / "dandelions.jpg")
    sizes = ((64, 64), (61, 47), (1, 1), (2, 3), (3, 2))
    return [
        *(photo[400 : 400 + rows, 300 : 300 + columns] for rows, columns in sizes),
        *(random_picture(3, 12 + rows, 12 + columns)[-rows:, -columns:] for rows, columns in sizes),
        photo[::4, ::4],
    ]


@pytest.fixture(scope="module")
def opaque(browser: Browser, images: list[NDArray[np.uint8]]) -> dict[str, list[Pair]]:
    files = {
        kind: [file for image in images for file in encode(kind, image, variants)]
        for kind, variants in OPAQUE.items()
    }
    return decode_all(browser, files)


@pytest.fixture(scope="module")
def transparent(browser: Browser) -> dict[str, list[Pair]]:
    """A photograph under every alpha, as a ramp and as noise."""
    photo = read_photo(SAMPLES / "dandelions.jpg")[400:464, 300:364]
    ramp = np.arange(64 * 64).reshape(64, 64) // 16
    noise = np.random.default_rng(1).integers(0, 256, (64, 64))
    images = [np.dstack([photo, alpha.astype(np.uint8)]) for alpha in (ramp, noise)]
    files = {
        kind: [file for image in images for file in encode(kind, image, variants)]
        for kind, variants in TRANSPARENT.items()
    }
    return decode_all(browser, files)


@pytest.mark.parametrize("kind", OPAQUE)
def test_opaque_base_images_are_exactly_the_encoders(
    opaque: dict[str, list[Pair]], browser_name: str, kind: str
) -> None:
    if browser_name == "firefox" and kind in REPEATED_CHROMA:
        pytest.skip("the next test is about these")
    assert [pair.difference.max() for pair in opaque[kind]] == [0] * len(opaque[kind])


@pytest.mark.only_browser("firefox")
@pytest.mark.parametrize("kind", sorted(REPEATED_CHROMA))
def test_firefox_shows_avif_of_reduced_chroma_with_nearly_the_same_luma(
    opaque: dict[str, list[Pair]], kind: str
) -> None:
    *small, photo = opaque[kind]
    for pair in small:
        assert pair.difference.max() <= 96
        assert pair.difference_of_luma.mean() <= 0.5
    assert photo.difference.max() <= 32
    assert photo.difference.mean() <= 1
    assert photo.difference_of_luma.max() <= 4


@pytest.mark.parametrize("kind", TRANSPARENT)
def test_alpha_is_exact_except_that_chromium_stretches_it_in_avif(
    transparent: dict[str, list[Pair]], browser_name: str, kind: str
) -> None:
    stretched = browser_name == "chromium" and kind.startswith("AVIF")
    for expected, actual in transparent[kind]:
        alpha = expected[..., 3]
        if stretched:
            # It takes 16..235 for the range of alpha that has all of 0..255.
            alpha = np.rint((alpha - 16).clip(0, 219) * 255 / 219)
        assert np.abs(actual[..., 3] - alpha).max() <= (1 if stretched else 0)


@pytest.mark.parametrize("kind", TRANSPARENT)
def test_colours_under_alpha_lose_what_multiplying_by_it_loses(
    transparent: dict[str, list[Pair]], browser_name: str, kind: str
) -> None:
    if kind.startswith("AVIF") and (browser_name == "chromium" or kind in REPEATED_CHROMA):
        pytest.skip("alpha or chroma differ already")
    for pair in transparent[kind]:
        alpha = pair.expected[..., 3]
        difference = pair.difference[..., :3].max(axis=2)
        assert difference[alpha == 255].max(initial=0) == 0
        assert (difference[alpha > 0] <= 255 / alpha[alpha > 0]).all()


def encode(kind: str, pixels: NDArray[np.uint8], variants: list[dict[str, Any]]) -> Iterator[bytes]:
    """An image of shape (M, N, 3) or (M, N, 4) as files, in all variants and qualities."""
    container, _, rest = kind.partition(" ")
    image = Image.fromarray(pixels)
    if rest == "gray":
        image = image.convert("L")
    if rest == "palette":
        image = image.quantize(16)
    qualities = (100,) if kind == "WEBP lossless" or container == "PNG" else QUALITIES[container]
    for variant in variants:
        for quality in qualities:
            stream = io.BytesIO()
            image.save(stream, container, quality=quality, **variant)
            yield stream.getvalue()


def decode_all(browser: Browser, files: dict[str, list[bytes]]) -> dict[str, list[Pair]]:
    """Decode files of several kinds here and in the browser."""
    page = browser.new_page()
    pairs = {}
    with serving(STATIC) as server:
        page.goto(f"{server.address}/icon.svg")
        # All kinds at once would be a message of so many megabytes that it takes long to arrive.
        for kind, group in files.items():
            data_url = page.evaluate(DECODE, [base64.b64encode(file).decode() for file in group])
            pixels = rgba_arrays(base64.b64decode(data_url.partition(",")[2]))
            pairs[kind] = [Pair(decode_here(file), next(pixels).astype(int)) for file in group]
    page.close()
    return pairs


def decode_here(file: bytes) -> NDArray[np.int64]:
    rgb = decode_base(file)
    with Image.open(io.BytesIO(file)) as image:
        alpha = np.asarray(image.convert("RGBA"))[..., 3]
    return np.dstack([rgb, alpha]).astype(int)


def rgba_arrays(data: bytes) -> Iterator[NDArray[np.uint8]]:
    offset = 0
    while offset < len(data):
        columns, rows = struct.unpack_from("<II", data, offset)
        count = rows * columns * 4
        pixels = np.frombuffer(data, np.uint8, count, offset + 8)
        yield pixels.reshape(rows, columns, 4)
        offset += 8 + count
