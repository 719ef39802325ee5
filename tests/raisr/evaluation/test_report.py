from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from raisr.bank_store import BankStore
from raisr.evaluation.comparison import (
    BASELINES,
    METRICS,
    Comparison,
    MeasuredFile,
    compare,
    measure_payload,
    methods,
)
from raisr.evaluation.report import CROP, SHOWN, busiest_area, lines, render
from raisr.images.reading import decode_photo, read_photo
from raisr.images.writing import save_png
from raisr.search.search import search
from raisr.search.settings import Settings
from support import SAMPLES, random_picture

pytestmark = pytest.mark.slow

NAMES = "one.png", "<b>two & 'three'.png"


class Page(HTMLParser):
    """What a page refers to, and its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "data"):
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def measure_quickly(
    source: Path, method: str, rates: Sequence[float], banks: BankStore
) -> dict[float, MeasuredFile]:
    """JPEG files of some qualities in place of what the method would find."""
    photo = read_photo(source)
    scale = Fraction(2 if method in BASELINES else 1)
    quality = 10 + methods().index(method)
    return {
        rate: measure_payload(
            search(photo, Settings("jpeg", scale, round(quality + 40 * rate)), banks), photo, banks
        )
        for rate in rates
    }


@pytest.fixture(scope="module")
def comparisons(tmp_path_factory: pytest.TempPathFactory) -> list[Comparison]:
    folder = tmp_path_factory.mktemp("photos")
    dogs = read_photo(SAMPLES / "two-dogs.jpg")
    for number, name in enumerate(NAMES):
        (folder / name).write_bytes(save_png(dogs[340 + 96 * number :][:96, 280:408]))
    photos = [folder / name for name in NAMES]
    return compare(photos, BankStore(), 1, lambda *_: None, (0.6, 1.2), measure_quickly)


@pytest.fixture(scope="module")
def source(comparisons: list[Comparison]) -> str:
    return render(comparisons, BankStore())


def test_the_page_needs_nothing_else(source: str) -> None:
    page = Page(source)
    assert page.links
    assert all(link.startswith(("data:image/png;base64,", "#")) for link in page.links)
    assert not {"script", "link", "iframe"} & set(page.tags)
    assert "url(http" not in source
    assert "@import" not in source


def test_names_are_text_and_never_markup(source: str) -> None:
    page = Page(source)
    assert all(name in page.text for name in NAMES)
    assert page.tags["b"] == 0


def test_each_photograph_and_their_mean_have_plots_and_figures(source: str) -> None:
    page = Page(source)
    assert page.tags["h2"] == len(NAMES) + 1
    assert len(re.findall("<svg role", source)) == len(METRICS) * (len(NAMES) + 1)
    assert all(name in page.text for name in (*methods(), *METRICS.values()))


def test_one_photograph_has_no_mean(comparisons: list[Comparison]) -> None:
    assert "Mean of" not in Page(render(comparisons[:1], BankStore())).text


def test_plots_are_whole_and_no_name_is_used_twice(source: str) -> None:
    page = Page(source)
    assert max(Counter(page.ids).values()) == 1
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    for svg in re.findall("<svg role.*?</svg>", source, re.DOTALL):
        ElementTree.fromstring(svg)  # noqa: S314


def test_crops_show_the_photograph_and_what_became_of_it(
    source: str, comparisons: list[Comparison]
) -> None:
    images = [
        decode_photo(base64.b64decode(link.partition(",")[2]), "crop")
        for link in Page(source).links
        if link.startswith("data:")
    ]
    each = 1 + len(SHOWN)
    assert len(images) == each * len(comparisons)
    for number, comparison in enumerate(comparisons):
        reference, *outputs = images[number * each :][:each]
        photo = read_photo(comparison.photo)
        assert (reference == photo).all()
        assert all(0 < np.abs(crop.astype(int) - photo).mean() < 40 for crop in outputs)


def test_crops_are_taken_where_most_is_to_see() -> None:
    photo = np.full((600, 800, 3), 90, np.uint8)
    rows, columns = CROP
    photo[300 : 300 + rows, 420 : 420 + columns] = random_picture(1, rows, columns)
    top, left = busiest_area(photo)
    assert abs(top.start - 300) <= 2
    assert abs(left.start - 420) <= 2
    assert photo[top, left].shape[:2] == CROP


def test_a_small_or_flat_photograph_is_shown_whole() -> None:
    assert busiest_area(np.zeros((64, 900, 3), np.uint8)) == (slice(0, 64), slice(0, CROP[1]))


def test_each_method_has_a_line_of_its_own() -> None:
    assert [line.method for line in lines()] == methods()
    assert len({(line.color, line.dashes) for line in lines()}) == len(methods())
