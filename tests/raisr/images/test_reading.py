from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from raisr.bank_store import BankStore
from raisr.codecs.jpeg import save_jpeg
from raisr.errors import ImageUnreadable, InputUnreadable
from raisr.images import reading
from raisr.images.writing import save_png
from raisr.search.search import search
from raisr.search.settings import Settings
from raisr_decoder.bank import save
from raisr_decoder.errors import LimitExceeded
from support import random_bank, random_picture

PICTURE = random_picture(1, 20, 30)
ALPHA = random_picture(5, 20, 30)[..., 0]
GRAY_16 = np.random.default_rng(1).integers(0, 65536, (20, 30)).astype(np.uint16)
RGBA_16 = np.random.default_rng(2).integers(0, 65536, (20, 30, 4)).astype(np.uint16)
CMYK = np.dstack([PICTURE, ALPHA])

# Red, green and blue of RGB spaces as CIE XYZ under D50, as their ICC profiles state them.
SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
WIDE_SPACES = {
    "Display P3": (
        (0.51512, 0.2412, -0.00105),
        (0.29198, 0.69225, 0.04189),
        (0.1571, 0.06657, 0.78407),
    ),
    "Adobe RGB": (
        (0.60974, 0.31111, 0.01947),
        (0.20528, 0.62567, 0.06087),
        (0.14919, 0.06322, 0.74457),
    ),
}
GAMMA = 2.19921875


def file_of(image: Image.Image, container: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, container, **options)
    return stream.getvalue()


def as_8_bit(samples: NDArray[np.uint16]) -> NDArray[np.uint8]:
    return np.rint(samples / 257).astype(np.uint8)


def png_16(samples: NDArray[np.uint16], transparent: tuple[int, ...] = ()) -> bytes:
    """A PNG of shape (M, N) or (M, N, 2..4), each row filtered by its left neighbours."""
    rows, columns = samples.shape[:2]
    channels = samples.size // (rows * columns)
    raw = np.frombuffer(samples.astype(">u2").tobytes(), np.uint8).reshape(rows, columns, -1)
    filtered = np.diff(raw, axis=1, prepend=np.zeros((rows, 1, raw.shape[2]), np.uint8))
    lines = np.insert(filtered.reshape(rows, -1), 0, 1, axis=1).astype(np.uint8)
    color_type = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", columns, rows, 16, color_type, 0, 0, 0))]
    if transparent:
        chunks.append((b"tRNS", struct.pack(f">{len(transparent)}H", *transparent)))
    chunks += [(b"IDAT", zlib.compress(lines.tobytes())), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def tiff(
    data: bytes,
    shape: tuple[int, ...],
    photometric: int,
    *,
    bits: int = 8,
    order: str = "<",
    deflate: bool = False,
    **more: int,
) -> bytes:
    """A TIFF of one strip with samples of shape (M, N) or (M, N, channels)."""
    channels = shape[2] if len(shape) == 3 else 1
    if deflate:
        data = zlib.compress(data)
    tags = {
        256: [shape[1]],
        257: [shape[0]],
        258: [bits] * channels,
        259: [8 if deflate else 1],
        262: [photometric],
        273: [8],
        277: [channels],
        278: [shape[0]],
        279: [len(data)],
    } | {int(tag.removeprefix("tag_")): [value] for tag, value in more.items()}
    directory, outside = struct.pack(order + "H", len(tags)), b""
    end = 8 + len(data) + 2 + 12 * len(tags) + 4
    for tag, values in sorted(tags.items()):
        field = struct.pack(f"{order}{len(values)}H", *values)
        if len(field) > 4:
            field, outside = struct.pack(order + "I", end + len(outside)), outside + field
        elif tag == 279:
            directory += struct.pack(order + "HHII", tag, 4, 1, len(data))
            continue
        directory += struct.pack(order + "HHI", tag, 3, len(values)) + field.ljust(4, b"\0")
    magic = {"<": b"II*\0", ">": b"MM\0*"}[order]
    return magic + struct.pack(order + "I", 8 + len(data)) + data + directory + bytes(4) + outside


def profile(space: bytes, pcs: bytes, tags: dict[bytes, bytes]) -> bytes:
    """An ICC profile, version 2, of a display or printer."""
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    white = struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    tags = {b"wtpt": b"XYZ \0\0\0\0" + white, **tags}
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    header = struct.pack(">I4sI4s4s4s", start + len(body), bytes(4), 0x02400000, kind, space, pcs)
    header = header.ljust(36, b"\0") + b"acsp" + bytes(28) + white
    return header.ljust(128, b"\0") + table + body


def curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


def rgb_profile(primaries: tuple[tuple[float, float, float], ...]) -> bytes:
    tags: dict[bytes, bytes] = {}
    for letter, primary in zip((b"r", b"g", b"b"), primaries, strict=True):
        fixed = struct.pack(">3i", *(round(value * 65536) for value in primary))
        tags[letter + b"XYZ"] = b"XYZ \0\0\0\0" + fixed
        tags[letter + b"TRC"] = curve(GAMMA)
    return profile(b"RGB ", b"XYZ ", tags)


def gray_profile(gamma: float) -> bytes:
    return profile(b"GRAY", b"XYZ ", {b"kTRC": curve(gamma)})


def cmyk_profile() -> bytes:
    """Lightness 80 without ink, 0 with black, whatever the other inks."""
    ramp = struct.pack(">2H", 0, 65535)
    corners = np.zeros((2, 2, 2, 2, 3), ">u2")
    corners[..., 0, 0] = 80 * 0xFF00 // 100
    corners[..., 1:] = 0x8000  # Neither red nor green, neither yellow nor blue.
    matrix = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    head = b"mft2\0\0\0\0" + bytes([4, 3, 2, 0]) + matrix + struct.pack(">2H", 2, 2)
    return profile(b"CMYK", b"Lab ", {b"A2B0": head + ramp * 4 + corners.tobytes() + ramp * 3})


def srgb_from_linear(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = linear.clip(0, 1)
    low = linear <= 0.0031308
    return 255 * np.where(low, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def test_a_lossless_picture_comes_in_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(save_png(PICTURE))
    assert (reading.read_photo(path) == PICTURE).all()
    assert reading.read_image(path).alpha is None
    assert (reading.read_image(path).pixels == PICTURE).all()


@pytest.mark.parametrize("container", ["PNG", "TIFF", "GIF", "JPEG", "WEBP", "AVIF", "BMP", "PPM"])
def test_a_gray_picture_becomes_rgb(container: str) -> None:
    data = file_of(Image.fromarray(np.full((20, 30), 77, np.uint8)), container, quality=100)
    picture = reading.decode_image(data, "gray")
    assert picture.alpha is None
    assert picture.rgb.shape == (20, 30, 3)
    assert np.abs(picture.rgb.astype(int) - 77).max() <= 1


@pytest.mark.parametrize("container", ["PNG", "TIFF", "BMP"])
def test_a_bilevel_picture_is_black_and_white(container: str) -> None:
    ink = PICTURE[..., 0] > 100
    photo = reading.decode_photo(file_of(Image.fromarray(ink), container), "fax")
    assert (photo == 255 * ink[..., None]).all()


@pytest.mark.parametrize("container", ["PNG", "TIFF", "GIF", "BMP"])
def test_a_palette_is_looked_up(container: str) -> None:
    image = Image.fromarray(PICTURE).quantize(16)
    photo = reading.decode_photo(file_of(image, container), "palette")
    assert (photo == np.asarray(image.convert("RGB"))).all()


def test_a_palette_may_hold_alpha() -> None:
    image = Image.fromarray(PICTURE).quantize(16)
    index = np.asarray(image)
    alphas = np.arange(16, dtype=np.uint8) * 17
    for transparency in (bytes(alphas), 5):
        picture = reading.decode_image(file_of(image, transparency=transparency), "icon.png")
        assert picture.alpha is not None
        expected = np.where(index == 5, 0, 255) if transparency == 5 else alphas[index]
        assert (picture.alpha == expected).all()
        assert (picture.rgb == np.asarray(image.convert("RGB"))).all()


@pytest.mark.parametrize("container", ["PNG", "TIFF"])
def test_alpha_is_kept_beside_the_colours_as_they_are(container: str) -> None:
    picture = reading.decode_image(file_of(Image.fromarray(CMYK, "RGBA"), container), "cut out")
    assert picture.alpha is not None
    assert (picture.rgb == PICTURE).all()
    assert (picture.alpha == ALPHA).all()
    assert (picture.pixels == CMYK).all()
    share = ALPHA[..., None] / 255
    assert (picture.on_white() == np.rint(PICTURE * share + 255 * (1 - share))).all()


def test_gray_with_alpha_is_kept() -> None:
    image = Image.fromarray(np.dstack([PICTURE[..., 0], ALPHA]))
    picture = reading.decode_image(file_of(image), "gray.png")
    assert picture.alpha is not None
    assert (picture.alpha == ALPHA).all()
    assert (picture.rgb == PICTURE[..., :1]).all()


def test_alpha_that_is_opaque_everywhere_is_none() -> None:
    image = Image.fromarray(PICTURE).convert("RGBA")
    assert reading.decode_image(file_of(image), "opaque.png").alpha is None


def test_premultiplied_alpha_is_divided_out() -> None:
    premultiplied = np.full((4, 5, 4), (50, 100, 0, 128), np.uint8)
    data = tiff(premultiplied.tobytes(), (4, 5, 4), 2, tag_338=1)
    picture = reading.decode_image(data, "premultiplied.tif")
    assert picture.alpha is not None
    assert (picture.alpha == 128).all()
    assert np.abs(picture.rgb - np.array([99.6, 199.2, 0])).max() < 1


@pytest.mark.parametrize(
    ("rgb", "key", "mode"),
    [((9, 80, 200), (9, 80, 200), "RGB"), ((90, 90, 90), 90, "L"), ((255, 255, 255), 255, "1")],
)
def test_a_colour_may_stand_for_transparency(
    rgb: tuple[int, int, int], key: tuple[int, int, int] | int, mode: str
) -> None:
    pixels = np.zeros((4, 6, 3), np.uint8)
    pixels[:, 2:] = rgb
    image = Image.fromarray(pixels).convert(mode)
    picture = reading.decode_image(file_of(image, transparency=key), "keyed.png")
    assert (picture.rgb == pixels).all()
    assert picture.alpha is not None
    assert (picture.alpha == [255, 255, 0, 0, 0, 0]).all()


@pytest.mark.parametrize(("bits", "largest"), [(2, 3), (4, 15)])
def test_the_transparent_gray_of_few_bits_is_found(bits: int, largest: int) -> None:
    data = bytearray(file_of(Image.new("L", (8, 1)), transparency=largest - 1))
    header = data.index(b"IHDR") + 4
    data[header + 8] = bits
    samples = [0, largest - 1] * 4
    packed = sum(value << bits * (7 - i) for i, value in enumerate(samples))
    pixels = zlib.compress(b"\0" + packed.to_bytes(bits, "big"))
    idat = data.index(b"IDAT") - 4
    data[idat:] = struct.pack(">I", len(pixels)) + b"IDAT" + pixels
    data += struct.pack(">I", zlib.crc32(b"IDAT" + pixels)) + bytes(4) + b"IEND\xaeB`\x82"
    data[header + 13 : header + 17] = struct.pack(">I", zlib.crc32(data[header - 4 : header + 13]))
    picture = reading.decode_image(bytes(data), "few.png")
    assert picture.alpha is not None
    assert (picture.alpha == [255, 0] * 4).all()
    assert (picture.rgb[0, :, 0] == [0, (largest - 1) * 255 // largest] * 4).all()


@pytest.mark.parametrize("container", ["PNG", "TIFF", "PPM"])
def test_gray_of_16_bits_is_rounded(container: str) -> None:
    photo = reading.decode_photo(file_of(Image.fromarray(GRAY_16), container), "deep")
    assert (photo == as_8_bit(GRAY_16)[..., None]).all()


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_png_colours_of_16_bits_are_rounded(channels: int) -> None:
    samples = RGBA_16[..., :channels]
    expected = as_8_bit(samples)
    picture = reading.decode_image(png_16(samples), "deep.png")
    assert (picture.rgb == (expected[..., :3] if channels >= 3 else expected[..., :1])).all()
    if channels in (2, 4):
        assert picture.alpha is not None
        assert (picture.alpha == expected[..., -1]).all()


def test_the_transparent_colour_of_16_bits_is_compared_in_16_bits() -> None:
    samples = np.full((3, 4, 3), (1000, 2000, 3000), np.uint16)
    samples[0] += 1
    for deep, key in ((samples, (1000, 2000, 3000)), (samples[..., 0], (1000,))):
        picture = reading.decode_image(png_16(deep, key), "keyed.png")
        assert picture.alpha is not None
        assert (picture.alpha == [[255], [0], [0]]).all()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("deflate", [False, True])
def test_tiff_colours_of_16_bits_are_rounded(order: str, deflate: bool) -> None:
    def decode(samples: NDArray[np.uint16], photometric: int, **tags: int) -> reading.LoadedImage:
        data = samples.astype(order + "u2").tobytes()
        file = tiff(data, samples.shape, photometric, bits=16, order=order, deflate=deflate, **tags)
        return reading.decode_image(file, "deep.tif")

    expected = as_8_bit(RGBA_16)
    assert (decode(RGBA_16[..., :3], 2).rgb == expected[..., :3]).all()
    picture = decode(RGBA_16, 2, tag_338=2)
    assert picture.alpha is not None
    assert (picture.rgb == expected[..., :3]).all()
    assert (picture.alpha == expected[..., 3]).all()
    cmyk = Image.fromarray(expected, "CMYK")
    assert (decode(RGBA_16, 5).rgb == np.asarray(cmyk.convert("RGB"))).all()


def test_gray_tiffs_may_have_12_bits_or_white_as_zero() -> None:
    packed = bytes.fromhex("000fff 800001")
    photo = reading.decode_photo(tiff(packed, (1, 4), 1, bits=12), "scan.tif")
    assert photo[0, :, 0].tolist() == [0, 255, 128, 0]
    white_is_zero = tiff(GRAY_16.tobytes(), GRAY_16.shape, 0, bits=16)
    photo = reading.decode_photo(white_is_zero, "scan.tif")
    assert (photo == 255 - as_8_bit(GRAY_16)[..., None]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_samples_without_a_range_are_refused(dtype: type) -> None:
    data = file_of(Image.fromarray(np.zeros((4, 4), dtype)), "TIFF")
    with pytest.raises(ImageUnreadable, match="not supported"):
        reading.decode_photo(data, "float.tif")


def test_planes_of_16_bit_colours_are_refused() -> None:
    planes = np.zeros((3, 4, 4), np.uint16).tobytes()
    with pytest.raises(ImageUnreadable, match="separate planes"):
        reading.decode_photo(tiff(planes, (4, 4, 3), 2, bits=16, tag_284=2), "planes.tif")


@pytest.mark.parametrize("container", ["TIFF", "JPEG"])
def test_cmyk_is_converted(container: str) -> None:
    # Pillow marks its JPEGs as Adobe's, whose inks are inverted.
    flat = np.full((16, 16, 4), (255, 0, 128, 51), np.uint8)
    data = file_of(Image.fromarray(flat, "CMYK"), container, quality=100)
    assert np.abs(reading.decode_photo(data, "print") - np.array([0, 204, 102])).max() <= 2


def test_lab_and_ycbcr_are_converted() -> None:
    lab = np.full((4, 4, 3), (round(53.585 * 2.55), 0, 0), np.uint8)
    photo = reading.decode_photo(tiff(lab.tobytes(), lab.shape, 8), "lab.tif")
    assert np.abs(photo.astype(int) - 128).max() <= 1
    ycbcr = Image.fromarray(PICTURE).convert("YCbCr")
    photo = reading.decode_photo(file_of(ycbcr, "TIFF"), "ycbcr.tif")
    assert np.abs(photo.astype(int) - np.asarray(ycbcr.convert("RGB"))).max() <= 1


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, lambda shown: shown),
        (2, lambda shown: shown[:, ::-1]),
        (3, lambda shown: shown[::-1, ::-1]),
        (4, lambda shown: shown[::-1]),
        (5, lambda shown: shown.swapaxes(0, 1)),
        (6, lambda shown: np.rot90(shown, -1)),
        (7, lambda shown: shown[::-1, ::-1].swapaxes(0, 1)),
        (8, lambda shown: np.rot90(shown)),
    ],
)
@pytest.mark.parametrize("container", ["PNG", "TIFF", "WEBP"])
def test_an_upright_picture_results_from_exif_orientation(
    container: str, orientation: int, upright: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    shown = np.dstack([PICTURE, ALPHA])
    lossless = {"lossless": True, "exact": True} if container == "WEBP" else {}
    data = file_of(Image.fromarray(shown), container, exif=exif, **lossless)
    picture = reading.decode_image(data, "turned")
    assert (picture.rgb == upright(PICTURE)).all()
    assert picture.alpha is not None
    assert (picture.alpha == upright(ALPHA)).all()
    assert reading.photo_shape(data, "turned") == picture.alpha.shape


def test_damaged_exif_leaves_the_picture_as_it_lies() -> None:
    data = file_of(Image.fromarray(PICTURE), exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert (reading.decode_photo(data, "damaged exif.png") == PICTURE).all()


def test_an_animation_comes_in_as_its_first_frame() -> None:
    first, second = Image.fromarray(PICTURE), Image.fromarray(255 - PICTURE)
    for container in ("PNG", "WEBP", "TIFF"):
        options = {"lossless": True} if container == "WEBP" else {}
        data = file_of(first, container, save_all=True, append_images=[second], **options)
        assert (reading.decode_photo(data, "frames") == PICTURE).all()
    for container in ("GIF", "AVIF"):
        flat = [Image.new("RGB", (16, 16), colour) for colour in ("#102030", "#fff")]
        data = file_of(flat[0], container, save_all=True, append_images=flat[1:])
        difference = reading.decode_photo(data, "frames") - np.array([0x10, 0x20, 0x30])
        assert np.abs(difference).max() <= 2


def test_the_shape_is_known_from_the_header() -> None:
    assert reading.photo_shape(save_jpeg(PICTURE, 50)[:400], "photo.jpg") == (20, 30)


@pytest.mark.parametrize("mode", ["RGB", "L", "P"])
def test_pictures_with_an_srgb_profile_stay_the_same(mode: str) -> None:
    image = Image.fromarray(PICTURE).convert(mode)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo = reading.decode_photo(file_of(image, icc_profile=srgb), "srgb.png")
    assert (photo == np.asarray(image.convert("RGB"))).all()


@pytest.mark.parametrize("space", WIDE_SPACES)
def test_rgb_profiles_are_converted_to_srgb(space: str) -> None:
    primaries = np.array(WIDE_SPACES[space])
    data = file_of(Image.fromarray(PICTURE), icc_profile=rgb_profile(WIDE_SPACES[space]))
    photo = reading.decode_photo(data, "wide.png")
    linear = (PICTURE / 255) ** GAMMA @ primaries @ np.linalg.inv(SRGB)
    difference = np.abs(photo - srgb_from_linear(linear))
    assert difference.max() < 2
    assert np.abs(photo.astype(int) - PICTURE).max() > 20


def test_gray_profiles_are_converted_to_srgb() -> None:
    gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
    expected = srgb_from_linear(gray / 255)[..., None]
    transparent = Image.fromarray(np.dstack([gray, gray]))
    for image in (Image.fromarray(gray), transparent):
        data = file_of(image, icc_profile=gray_profile(1))
        picture = reading.decode_image(data, "linear.png")
        assert np.abs(picture.rgb - expected).max() < 0.6


@pytest.mark.parametrize("container", ["TIFF", "JPEG"])
def test_cmyk_profiles_are_converted_to_srgb(container: str) -> None:
    flat = np.full((16, 16, 4), (200, 100, 50, 0), np.uint8)
    data = file_of(Image.fromarray(flat, "CMYK"), container, icc_profile=cmyk_profile())
    # CIE lightness 80.
    assert np.abs(reading.decode_photo(data, "print").astype(int) - 198).max() <= 2


@pytest.mark.parametrize(
    "unusable",
    [b"no profile", rgb_profile(SRGB)[:200], cmyk_profile(), gray_profile(1)],
    ids=["none", "truncated", "of CMYK", "of gray"],
)
def test_profiles_that_cannot_be_used_are_taken_for_srgb(unusable: bytes) -> None:
    data = file_of(Image.fromarray(PICTURE), icc_profile=unusable)
    assert (reading.decode_photo(data, "odd.png") == PICTURE).all()


@pytest.mark.parametrize(
    "data", [b"", b"no picture", b"\xff\xd8\xff\xe0", b"%!PS-Adobe-3.0 EPSF-3.0\n"]
)
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(ImageUnreadable, match=r"some\.jpg"):
        reading.decode_photo(data, "some.jpg")


@pytest.mark.parametrize("container", ["PNG", "JPEG", "WEBP", "AVIF"])
def test_truncated_pictures_are_refused(container: str) -> None:
    data = file_of(Image.fromarray(random_picture(2, 200, 200)), container)
    with pytest.raises(ImageUnreadable):
        reading.decode_photo(data[: len(data) // 2], "half")
    with pytest.raises(ImageUnreadable):
        reading.decode_base(data[: len(data) // 2])


def files_of_every_kind() -> dict[str, bytes]:
    rgb, rgba, gray = Image.fromarray(PICTURE), Image.fromarray(CMYK, "RGBA"), GRAY_16.tobytes()
    exif = Image.Exif()
    exif[0x0112] = 6
    extras = {"icc_profile": rgb_profile(SRGB), "exif": exif}
    return {
        "png": file_of(rgba, **extras),
        "png palette": file_of(rgb.quantize(16), transparency=bytes(range(16))),
        "png 16": png_16(RGBA_16),
        "png animated": file_of(rgb, save_all=True, append_images=[Image.new("RGB", rgb.size)]),
        "jpeg": file_of(rgb, "JPEG", **extras),
        "jpeg progressive": file_of(rgb, "JPEG", progressive=True),
        "jpeg cmyk": file_of(Image.fromarray(CMYK, "CMYK"), "JPEG", icc_profile=cmyk_profile()),
        "webp": file_of(rgba, "WEBP", **extras),
        "webp lossless": file_of(rgb, "WEBP", lossless=True),
        "avif": file_of(rgba, "AVIF", **extras),
        "gif": file_of(rgb, "GIF", save_all=True, append_images=[Image.new("RGB", rgb.size)]),
        "bmp": file_of(rgb, "BMP"),
        "ppm": file_of(rgb, "PPM"),
        "tiff": file_of(rgba, "TIFF", **extras),
        "tiff deflate": file_of(rgb, "TIFF", compression="tiff_adobe_deflate"),
        "tiff jpeg": file_of(rgb, "TIFF", compression="jpeg"),
        "tiff lzw": file_of(rgb.quantize(16), "TIFF", compression="tiff_lzw"),
        "tiff 16": tiff(RGBA_16.tobytes(), RGBA_16.shape, 2, bits=16, deflate=True, tag_338=2),
        "tiff gray": tiff(gray, GRAY_16.shape, 1, bits=16),
    }


def damaged_versions(whole: bytes) -> Iterator[bytes]:
    for length in np.linspace(0, len(whole) - 1, 30, dtype=int):
        yield whole[:length]
    rng = np.random.default_rng(1)
    for reach in (64, 200, len(whole)) * 40:  # Headers are where most can go wrong.
        flipped = bytearray(whole)
        for position in rng.integers(0, min(reach, len(whole)), 2):
            flipped[position] ^= 1 << int(rng.integers(8))
        yield bytes(flipped)


@pytest.mark.slow
def test_damaged_files_give_a_picture_or_our_error() -> None:
    for whole in files_of_every_kind().values():
        reading.decode_image(whole, "whole")
        for data in damaged_versions(whole):
            for read in (reading.decode_image, reading.photo_shape):
                with suppress(ImageUnreadable, LimitExceeded):
                    read(data, "damaged")


@pytest.mark.parametrize("base", ["jpeg", "webp", "avif", "png"])
def test_what_a_photograph_tells_of_people_and_places_stays_out_of_payloads(
    base: str, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x010F] = "MARK-camera"
    exif[0x9286] = "MARK-comment"
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 8.0, 2.5), 0x1B: b"MARK-gps"})
    data = file_of(
        Image.fromarray(random_picture(7, 40, 60)),
        "JPEG",
        exif=exif,
        xmp=b"<x:xmpmeta>MARK-xmp</x:xmpmeta>",
        comment=b"MARK-words",
        icc_profile=rgb_profile(SRGB) + b"MARK-profile",
    )
    for mark in ("camera", "comment", "gps", "xmp", "words", "profile"):
        assert f"MARK-{mark}".encode() in data
    bank = random_bank(1, base=base)
    (tmp_path / f"{bank.id}.bank").write_bytes(save(bank))
    photo = reading.decode_photo(data, "holiday.jpg")
    settings = Settings(base, bank.scale, quality=50)
    payload = search(photo, settings, BankStore((tmp_path,))).payload
    for trace in (b"MARK", b"Exif", b"EXIF", b"xmp", b"ICC", b"acsp", b"iCCP", b"holiday"):
        assert trace not in payload
    with Image.open(io.BytesIO(payload)) as base_picture:
        assert not base_picture.getexif()
        assert not {"exif", "xmp", "icc_profile", "comment"} & base_picture.info.keys()


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputUnreadable):
        reading.read_photo(tmp_path / "none.jpg")


def test_pictures_over_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_PIXELS", 599)
    with pytest.raises(LimitExceeded):
        reading.decode_photo(save_png(PICTURE), "large.png")


def test_bombs_are_refused_before_they_are_decoded() -> None:
    data = bytearray(file_of(Image.new("L", (64, 64))))
    data[16:24] = (65000).to_bytes(4, "big") * 2
    with pytest.raises((ImageUnreadable, LimitExceeded)):
        reading.decode_photo(bytes(data), "bomb.png")


def test_pictures_read_at_once_leave_the_warnings_of_others_alone() -> None:
    before = list(warnings.filters)
    one, other = reading._reading("one"), reading._reading("other")
    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    other.__exit__(None, None, None)
    assert warnings.filters[: len(before)] == before


def test_a_large_picture_is_read_without_a_word() -> None:
    large = bytearray(save_png(PICTURE))
    large[16:24] = struct.pack(">II", 10_000, 10_000)
    large[29:33] = struct.pack(">I", zlib.crc32(large[12:29]))
    with warnings.catch_warnings(record=True) as caught:
        warnings.resetwarnings()
        assert reading.photo_shape(bytes(large), "large") == (10_000, 10_000)
        with pytest.warns(UserWarning, match="of others"):
            warnings.warn("of others", stacklevel=1)
    assert not caught


def test_a_jpeg_of_very_many_scans_is_refused() -> None:
    jpeg = save_jpeg(PICTURE, 50)
    last = jpeg.rindex(b"\xff\xda")
    more = jpeg[:last] + 100 * jpeg[last:-2] + jpeg[-2:]
    for read in (reading.decode_base, reading.stored_shape):
        with pytest.raises(LimitExceeded, match="scans of payload"):
            read(more)
    # Behind the picture, as in the films that some cameras append, nothing is a scan.
    assert (reading.decode_base(jpeg + more) == reading.decode_base(jpeg)).all()


@pytest.mark.parametrize("container", ["BMP", "GIF", "PPM", "TIFF"])
def test_a_base_picture_is_of_no_other_format(container: str) -> None:
    stream = io.BytesIO()
    Image.fromarray(PICTURE).save(stream, container)
    with pytest.raises(ImageUnreadable):
        reading.decode_base(stream.getvalue())
