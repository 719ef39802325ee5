from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from raisr.codecs import base_codec
from raisr.errors import ImageUnreadable, NoPhotographs
from raisr.evaluation.metrics import luma_psnr
from raisr.images.downscaling import downscale_photo
from raisr.images.reading import decode_base, read_photo
from raisr.images.resampling import bicubic, lanczos
from raisr.training.examples import spread
from raisr.training.progress import WHOLE
from raisr.training.settings import Settings
from raisr.training.train import Trained, train
from raisr_decoder.bank import Bank, load, save
from raisr_decoder.color import luma
from raisr_decoder.filters import BlendStage, LowRankStage, ResizeStage
from raisr_decoder.limits import MAX_NOISE
from raisr_decoder.pipeline import NO_FILTERS, restore
from training import SETTINGS, crops, silent

pytestmark = pytest.mark.slow


QUICK = replace(SETTINGS, depths=(0,), ranks=(2,))
QUALITIES = (10, 50, 90)


@dataclass(frozen=True)
class Training:
    """What became of a training, and the steps that it told of: how much of each is done."""

    trained: Trained
    steps: dict[str, tuple[float, float]]

    @property
    def bank(self) -> Bank:
        return self.trained.bank


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Five, of which tests train on four or fewer."""
    return crops(tmp_path_factory.mktemp("few") / "photos", 5)


@pytest.fixture(scope="module")
def broken(photos: list[Path]) -> Path:
    """A photograph that ends in its middle."""
    path = photos[0].with_name("broken.png")
    path.write_bytes(photos[0].read_bytes()[:1000])
    return path


@pytest.fixture(scope="module")
def of_few(photos: list[Path], broken: Path) -> Training:
    """A training on four photographs and a broken one."""
    steps: dict[str, tuple[float, float]] = {}
    trained = train(
        [broken, *photos[:-1]],
        SETTINGS,
        1,
        lambda step, done, total: steps.update({step: (done, total)}),
    )
    return Training(trained, steps)


@pytest.fixture(scope="module")
def ten_photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return crops(tmp_path_factory.mktemp("ten") / "photos", 10)


@pytest.fixture(scope="module")
def of_ten(ten_photos: list[Path]) -> Trained:
    """A training on ten photographs, for qualities that are far apart."""
    settings = replace(SETTINGS, qualities=QUALITIES, depths=(3, 1), ranks=(12, 4), blend=16)
    return train(ten_photos, settings, 1, silent)


def test_a_bank_beats_bicubic_on_another_photograph(of_few: Training, photos: list[Path]) -> None:
    bank = of_few.bank
    photo = read_photo(photos[-1])
    base = decode_base(base_codec("jpeg").encode(downscale_photo(photo, Fraction(2), lanczos), 50))
    filtered, bicubic_psnr = (
        luma_psnr(restore(base, each, photo.shape[:2]), photo)
        for each in (bank.filters(50), NO_FILTERS)
    )
    assert filtered > bicubic_psnr + 0.1
    assert load(save(bank)).id == bank.id


def test_an_upsample_first_bank_beats_bicubic_at_any_scale(photos: list[Path]) -> None:
    settings = Settings("png", (Fraction(3, 2), Fraction(2)), True, (100,), (1,), (2,))
    bank = train(photos[:-1], settings, 1, silent).bank
    assert isinstance(bank.stages[0], ResizeStage)
    photo = read_photo(photos[-1])
    rows, columns, _ = photo.shape
    for divisor in (1.6, 1.87):
        small = bicubic(photo, (round(rows / divisor), round(columns / divisor)))
        filtered, bicubic_psnr = (
            luma_psnr(restore(small, each, (rows, columns)), photo)
            for each in (bank.filters(100), NO_FILTERS)
        )
        assert filtered > bicubic_psnr + 0.1


def test_sharpened_targets_give_a_sharper_bank_and_blending_calms_it(photos: list[Path]) -> None:
    plain, sharp = (
        train(photos[:2], replace(QUICK, sharpen=amount), 1, silent).bank for amount in (0, 1.5)
    )
    blended = replace(sharp, stages=(*sharp.stages, BlendStage(64)))
    photo = read_photo(photos[-1])
    small = downscale_photo(photo, Fraction(2), lanczos)

    def roughness(bank: Bank) -> float:
        plane = luma(restore(small, bank.filters(50), photo.shape[:2])).astype(float)
        return float(np.abs(np.diff(plane)).mean())

    assert roughness(plain) < roughness(blended) < roughness(sharp)


@pytest.mark.parametrize("base", ["jpeg", "webp", "avif"])
def test_banks_can_be_trained_up_to_the_highest_quality(photos: list[Path], base: str) -> None:
    settings = replace(QUICK, base=base, qualities=(100,))
    trained = train(photos[:2], settings, 1, silent)
    assert (trained.photographs, trained.unreadable) == (2, [])


def test_blending_is_the_last_stage(photos: list[Path]) -> None:
    bank = train(photos[:1], replace(QUICK, blend=32), 1, silent).bank
    assert bank.stages[-1] == BlendStage(32)
    assert load(save(bank)).id == bank.id


def test_jobs_do_not_change_a_bit(of_few: Training, photos: list[Path], broken: Path) -> None:
    again = train([broken, *photos[:-1]], SETTINGS, 2, silent)
    assert again.bank.id == of_few.bank.id


def test_stages_have_the_blocks_of_their_scale(photos: list[Path]) -> None:
    scale = Fraction(3, 2)
    settings = Settings("png", (scale, scale), False, (100,), (1, 0), (3, 2))
    bank = train(photos[:2], settings, 1, silent).bank
    sizes = [(each.block, each.tree.depth, len(each.basis)) for each in filter_stages(bank)]
    assert sizes == [(3, 1, 3), (2, 0, 2)]


def test_of_ten_photographs_one_is_in_the_validation_set(
    of_ten: Trained, ten_photos: list[Path]
) -> None:
    assert (of_ten.photographs, of_ten.validation_photographs) == (9, 1)
    settings = replace(SETTINGS, qualities=QUALITIES)
    examples = [each for each in spread(ten_photos, settings) if each.in_validation_set]
    assert [each.quality for each in examples] == list(QUALITIES)
    for example in examples:
        psnr = {name: levels[example.quality] for name, levels in of_ten.psnr.items()}
        assert psnr["base alone"] < psnr["stage 1"]
        # What a decoder makes of the same photograph.
        photo = read_photo(example.photo)
        codec = base_codec("jpeg")
        small = codec.encode(downscale_photo(photo, Fraction(2), codec.downscale), example.quality)
        unblended = replace(of_ten.bank, stages=of_ten.bank.stages[:-1])
        for name, bank in {"stage 2": unblended, "blend": of_ten.bank}.items():
            output = restore(decode_base(small), bank.filters(example.quality), photo.shape[:2])
            assert psnr[name] == pytest.approx(luma_psnr(output, photo), abs=0.05)


def test_each_stage_tells_what_low_rank_and_rounding_cost(of_ten: Trained) -> None:
    assert list(of_ten.psnr) == [
        "base alone",
        "stage 1, full rank",
        "stage 1, not rounded",
        "stage 1",
        "stage 2, full rank",
        "stage 2, not rounded",
        "stage 2",
        "blend",
    ]
    mean = of_ten.mean_psnr
    assert mean["stage 1"] == pytest.approx(mean["stage 1, not rounded"], abs=0.05)
    assert mean["stage 1"] > mean["base alone"] + 0.1


def test_one_bank_serves_every_quality(of_ten: Trained, ten_photos: list[Path]) -> None:
    assert [quality for quality, _ in of_ten.bank.noise] == list(QUALITIES)
    noise = [noise for _, noise in of_ten.bank.noise]
    assert noise == sorted(noise, reverse=True)
    assert (noise[0], noise[-1]) == (MAX_NOISE, -MAX_NOISE)
    # Its filters for one quality do better there than those for another.
    photo = read_photo(ten_photos[9])
    for quality, other in ((10, 90), (90, 10)):
        small = base_codec("jpeg").encode(downscale_photo(photo, Fraction(2), lanczos), quality)
        fitting, strange = (
            luma_psnr(
                restore(decode_base(small), of_ten.bank.filters(each), photo.shape[:2]), photo
            )
            for each in (quality, other)
        )
        assert fitting > strange


def test_few_photographs_are_all_trained_on(of_few: Training) -> None:
    trained = of_few.trained
    assert (trained.photographs, trained.validation_photographs) == (4, 0)
    assert trained.psnr == {}


def test_stages_that_gain_too_little_are_left_out(ten_photos: list[Path]) -> None:
    settings = replace(SETTINGS, depths=(0, 0), ranks=(1, 1), min_gain=50.0)
    trained = train(ten_photos, settings, 1, silent)
    assert len(filter_stages(trained.bank)) == len(trained.sparse) == 1
    assert "stage 2" in trained.psnr


def test_the_seed_spreads_photographs_in_another_way() -> None:
    many = [Path(f"{number}.png") for number in range(100)]
    spreads = [spread(many, replace(SETTINGS, seed=seed)) for seed in (0, 0, 1)]
    assert spreads[0] == spreads[1]
    validation = [
        {each.photo for each in examples if each.in_validation_set} for examples in spreads
    ]
    assert len(validation[0]) == len(validation[2]) == len(many) // 10
    assert not validation[0] & validation[2]
    qualities = [[each.quality for each in examples] for examples in spreads]
    assert {*qualities[0]} == {*qualities[2]} == {46, 58}


def test_each_photograph_is_encoded_at_qualities_that_lie_far_apart() -> None:
    many = [Path(f"{number}.png") for number in range(40)]
    settings = replace(SETTINGS, qualities=tuple(range(10, 90, 10)), encodings=2)
    examples = spread(many, settings)
    assert [each.quality for each in examples] == sorted(each.quality for each in examples)
    for photo in many:
        low, high = (each.quality for each in examples if each.photo == photo.absolute())
        assert high - low == 40
    counts = Counter(each.quality for each in examples)
    assert set(counts) == set(settings.qualities)
    assert max(counts.values()) - min(counts.values()) <= 3


def test_buckets_of_few_cells_are_counted(photos: list[Path]) -> None:
    sparse = train(photos[:1], replace(SETTINGS, depths=(4, 0)), 1, silent).sparse
    assert sparse[0] > 8
    assert sparse[1] == 0


def filter_stages(bank: Bank) -> list[LowRankStage]:
    return [stage for stage in bank.stages if isinstance(stage, LowRankStage)]


def test_unreadable_photographs_are_named_and_skipped(of_few: Training) -> None:
    assert [type(error) for error in of_few.trained.unreadable] == [ImageUnreadable]
    assert "broken.png" in str(of_few.trained.unreadable[0])


def test_nothing_readable_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NoPhotographs):
        train([tmp_path / "none.png"], SETTINGS, 1, silent)


def test_progress_tells_each_step_to_its_end(of_few: Training) -> None:
    assert all(done == total for done, total in of_few.steps.values())
    assert len(of_few.steps) == 3 + 7 * len(SETTINGS.depths)
    assert of_few.steps[WHOLE] == (100, 100)
    assert all(total > 0 for _, total in of_few.steps.values())
