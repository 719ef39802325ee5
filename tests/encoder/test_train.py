from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from raisr_decoder.bank import FilterStage, load, save
from raisr_decoder.restore import NO_FILTERS, restore
from raisr_encoder.base_codec import base_codec
from raisr_encoder.errors import NoPhotographs, PictureUnreadable
from raisr_encoder.image_io import decode_base, read_photo, save_png
from raisr_encoder.metrics import luma_psnr
from raisr_encoder.reduce import reduce_photo
from raisr_encoder.train import Settings, train
from support import SAMPLES

SETTINGS = Settings("jpeg", Fraction(2), (40, 60), (3, 2))


def silent(_step: str, _done: int, _total: int) -> None:
    pass


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Crops, so that training takes a moment."""
    folder = tmp_path_factory.mktemp("photos")
    paths = []
    for sample in sorted(SAMPLES.glob("*.jpg")):
        path = folder / f"{sample.stem}.png"
        path.write_bytes(save_png(read_photo(sample)[300:600, 300:701]))
        paths.append(path)
    return paths


def test_a_bank_beats_bicubic_on_another_photograph(photos: list[Path]) -> None:
    bank = train(photos[:-1], SETTINGS, 1, silent).bank
    original = read_photo(photos[-1])
    base = decode_base(base_codec("jpeg").encode(reduce_photo(original, Fraction(2)), 50))
    restored, cheap = (
        luma_psnr(restore(base, each, original.shape[:2]), original) for each in (bank, NO_FILTERS)
    )
    assert restored > cheap + 0.1
    assert load(save(bank)).id == bank.id


def test_jobs_do_not_change_a_bit(photos: list[Path]) -> None:
    ids = {train(photos, SETTINGS, jobs, silent).bank.id for jobs in (1, 2)}
    assert len(ids) == 1


def test_stages_have_the_blocks_of_their_scale(photos: list[Path]) -> None:
    settings = Settings("png", Fraction(3, 2), (100, 100), (1, 0))
    stages = train(photos[:2], settings, 1, silent).bank.stages
    assert [stage.block for stage in stages if isinstance(stage, FilterStage)] == [3, 2]


def test_unreadable_photographs_are_named_and_skipped(photos: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(photos[0].read_bytes()[:1000])
    trained = train([broken, *photos[:2]], SETTINGS, 1, silent)
    assert trained.photographs == 2
    assert [type(error) for error in trained.unreadable] == [PictureUnreadable]
    assert "broken.png" in str(trained.unreadable[0])


def test_nothing_readable_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NoPhotographs):
        train([tmp_path / "none.png"], SETTINGS, 1, silent)


def test_progress_tells_each_step_to_its_end(photos: list[Path]) -> None:
    steps: dict[str, tuple[int, int]] = {}
    train(photos[:2], SETTINGS, 1, lambda step, done, total: steps.update({step: (done, total)}))
    assert all(done == total for done, total in steps.values())
    assert len(steps) == 1 + 4 * len(SETTINGS.depths)
    assert np.all([total > 0 for _, total in steps.values()])
