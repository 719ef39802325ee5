"""Photograph -> the best payload: base codec, scale, quality and bank.

A fast pass encodes every variant with the codec in a hurry, a final pass the best few with care.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import NamedTuple, TypeVar

import joblib
import numpy as np
from numpy.typing import NDArray

from raisr.bank_store import BankStore
from raisr.codecs import BaseCodec, base_codec
from raisr.encoded import Encoded
from raisr.errors import BankMissing, ScoreUnreachable, TargetUnreachable
from raisr.search.root_finding import first_passing
from raisr.search.settings import DEFAULT_SCORE, Settings
from raisr.search.variant import BaseImages, ReferenceImage, Trial, Variant

FULL_ENOUGH, FULL = 0.015, 0.003
"""Share of a target size that files of the fast and of the final pass may leave unused."""

GOOD_ENOUGH = 0.4
"""Points of SSIMULACRA2 above a target at which refining stops."""

ROUGHLY = 7.0
"""Points off a target from where one can tell the bytes that it likely needs."""

HOPELESS = 5.0
"""Points of SSIMULACRA2 behind another base codec from where on other scales do not help."""

CLOSE = 0.05
"""dB behind the best of the fast pass up to which a variant gets a final pass, too."""

MAX_FINAL_GAIN = 10.0
"""Points of SSIMULACRA2 that the final pass may give one variant more than another."""

FINAL_GAIN = 1.0
"""Points that the final pass adds at the same quality, about; at equal bytes up to as many more."""

CONTENDING = 0.5
"""Points of SSIMULACRA2 behind the best up to which a variant stays in the search for a score."""

POINTS_PER_DECIBEL = 60.0
"""Points of SSIMULACRA2 that a dB of luma PSNR counts for at equal bytes.

SSIMULACRA2 alone would give up two dB for two points, by downscaling further.
"""

STEEPNESS = 1.2
"""Points of SSIMULACRA2 that one more step of quality adds, about."""

GROWTH = 0.05
"""Share of bytes that one more step of quality adds, about."""

GAIN, GAIN_DECIBELS = 25.0, 4.0
"""Points of SSIMULACRA2 and dB of luma PSNR that e times the bytes add, about, at any scale."""

FINER = 10
"""Fractions of a quality, by their number, that add about as much as one more quality does."""

PLAIN_SAMPLES = 9
"""Samples of the plain codec's bytes against its score."""

Objective = Callable[[Trial], float]
"""What trials of equal bytes are compared by."""

Fit = Callable[[BaseImages, float | None, int], float | None]
"""The quality of a payload that fits into so many bytes, from a whole one that likely does."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Effort:
    """How much of what could be tried is tried.

    Attributes
    ----------
    fast_pass : bool
        Whether there is a fast pass; without one every variant gets a final pass.
    scales : int
        How many scales of a base codec are judged.
    final_passes : int
        How many of the best variants of each base codec get a final pass.
    """

    fast_pass: bool
    scales: int
    final_passes: int


EFFORTS = {1: Effort(True, 2, 1), 2: Effort(True, 4, 2), 3: Effort(False, 99, 3)}


def search(
    photo: NDArray[np.uint8],
    settings: Settings,
    banks: BankStore | None = None,
    jobs: int = -1,
) -> Encoded:
    """The best payload for what is asked.

    Parameters
    ----------
    photo : ndarray of shape (M, N, 3), or (M, N, 4) with straight alpha, uint8
    settings : Settings
    banks : BankStore, optional
        Banks to choose from; the shipped ones by default.
    jobs : int, optional
        Threads; as many as there are cores by default.

    Raises
    ------
    TargetUnreachable, ScoreUnreachable, BankMissing, BankError
    """
    with _searching(photo, settings, banks, jobs) as searching:
        if settings.quality is not None:
            best = searching.at_quality(settings.quality)
        elif settings.target_size is not None:
            best = searching.within(settings.target_size)
        else:
            target = settings.target_score
            best = searching.reaching(DEFAULT_SCORE if target is None else target)
        return best.encoded()


def search_sizes(
    photo: NDArray[np.uint8],
    settings: Settings,
    sizes: Sequence[int],
    banks: BankStore | None = None,
    jobs: int = -1,
) -> list[Encoded | None]:
    """As `search` for several target sizes, in less time than one by one; None where nothing fits.

    Raises
    ------
    BankMissing, BankError
    """
    found: list[Encoded | None] = []
    with _searching(photo, settings, banks, jobs) as searching:
        for size in sizes:
            try:
                found.append(searching.within(size).encoded())
            except TargetUnreachable:
                found.append(None)
    return found


def plain(photo: NDArray[np.uint8], base: str, quality: int) -> Encoded:
    """The photograph at full size through a base codec and nothing else.

    Parameters
    ----------
    photo : ndarray of shape (M, N, 3), or (M, N, 4) with straight alpha, uint8
    base : str
    quality : int
    """
    return _plain_variant(photo, base).trial(quality).encoded()


def plain_within(photo: NDArray[np.uint8], base: str, size: int) -> Encoded:
    """As `plain`, at the highest quality that fits into so many bytes.

    Raises
    ------
    TargetUnreachable
    """
    variant = _plain_variant(photo, base)
    quality = _fill(variant.images, None, size)
    if quality is None:
        raise TargetUnreachable(size, _smallest(variant))
    return variant.trial(quality).encoded()


def plain_reaching(photo: NDArray[np.uint8], base: str, score: float) -> Encoded:
    """As `plain`, at about the lowest quality that reaches a score.

    Raises
    ------
    ScoreUnreachable
    """
    variant = _plain_variant(photo, base)
    trial = _reach(_Start(variant), score)
    if trial is None:
        raise ScoreUnreachable(score, variant.trial(variant.images.codec.qualities[1]).score)
    return trial.encoded()


def _plain_variant(photo: NDArray[np.uint8], base: str) -> Variant:
    return Variant(BaseImages(ReferenceImage(photo), base_codec(base), Fraction(1)), None)


@contextmanager
def _searching(
    photo: NDArray[np.uint8], settings: Settings, banks: BankStore | None, jobs: int
) -> Iterator[_Search]:
    effort = EFFORTS[settings.effort]
    variants = _variants(ReferenceImage(photo), settings, banks or BankStore(), effort.fast_pass)
    with joblib.Parallel(n_jobs=jobs, backend="threading") as parallel:
        yield _Search(variants, effort, parallel)


def _variants(
    reference: ReferenceImage, settings: Settings, banks: BankStore, fast: bool
) -> list[Variant]:
    """All that may be tried, small scales first; at scale 1 the plain codec, too."""
    variants = []
    for codec in map(base_codec, settings.bases):
        all_scales = {Fraction(1), *banks.scales(codec.name)}
        scales = all_scales if settings.scale is None else {settings.scale}
        for scale in scales:
            images = BaseImages(reference, codec, scale, fast)
            bank = banks.direct(codec.name, scale)
            variants += [] if bank is None else [Variant(images, bank)]
            variants += [Variant(images, None)] if scale == 1 else []
    if not variants:
        raise BankMissing(settings.base, settings.scale)
    return sorted(variants, key=lambda variant: variant.images.scale)


class _Start(NamedTuple):
    """A variant to look at, and a whole quality that is likely near the one sought."""

    variant: Variant
    quality: float | None = None


class _Search:
    """The variants, judged as far as the effort goes."""

    def __init__(self, variants: list[Variant], effort: Effort, parallel: joblib.Parallel) -> None:
        self._variants, self._effort, self._parallel = variants, effort, parallel
        self._starts = [_Start(variant) for variant in variants]

    def within(self, size: int) -> Trial:
        """The best of both measures within so many bytes, with no score below the plain codec's.

        Raises
        ------
        TargetUnreachable
        """
        objective = _objective_at(size)
        fast_pass = _no_worse(self._judged(self._fitting(self._starts, size, _fit), objective))
        close = _close(fast_pass, lambda trial: -objective(trial), CLOSE * POINTS_PER_DECIBEL)
        plain = self._plain_near(close, size)
        chosen = (_Start(each.variant.final, each.quality) for each in self._few(close))
        finals_to_try = {start.variant: start for start in [*plain, *chosen]}
        # Where no file of the fast pass fits, one of the final pass may.
        starts = list(finals_to_try.values()) or [
            _Start(variant.final) for variant in self._variants
        ]
        finals = _no_worse(self._judged(self._fitting(starts, size, _fill), _objective))
        if not finals:
            raise TargetUnreachable(size, min(self._each(_smallest, self._variants)))
        return finals[0]

    def reaching(self, score: float) -> Trial:
        """The fewest bytes that reach a score.

        Raises
        ------
        ScoreUnreachable
        """
        reached = self._each(lambda start: _reach(start, score), self._contenders(score))
        finals = [trial for trial in reached if trial is not None]
        if not finals:
            raise ScoreUnreachable(score, self._highest_score())
        return _refine(min(finals, key=lambda trial: _refined_size(trial, score)), score)

    def at_quality(self, quality: int) -> Trial:
        """What saves most against the plain codec, at a quality of the base codec."""
        trials = [
            variant.trial(variant.images.codec.nearest(quality)) for variant in self._variants
        ]
        self._each(_score, trials)
        if len({trial.variant.images for trial in trials}) == 1:
            best = max(trials, key=_score)
        else:
            needed = self._needed_by_plain()
            best = min(trials, key=lambda trial: trial.size / needed(trial.score))
        return best.variant.final.trial(best.quality)

    def _plain_near(self, close: list[Trial], size: int) -> list[_Start]:
        """Plain codecs that a final pass may still make better than what came close."""
        least = _least(close, lambda trial: -trial.score)
        starts = []
        for variant in self._variants:
            name, quality = variant.images.codec.name, variant.images.near(size)
            if variant.bank is None and quality is not None and name in least:
                likely = -variant.trial(quality).score <= least[name] + MAX_FINAL_GAIN
                starts += [_Start(variant.final, quality)] if likely else []
        return starts

    def _contenders(self, score: float) -> list[_Start]:
        """The variants that may need the fewest bytes for a score."""
        if self._variants[0].images.codec.lossless:
            return self._starts
        found = (_near(variant, score) for variant in self._largest())
        first = next((trial for trial in found if trial is not None), None)
        if first is None:
            return []
        # At the bytes that one variant likely needs, others show whether they need fewer.
        size = _likely_size(first, score)
        objective = _score_at(size)
        contenders = self._judged(self._fitting(self._starts, size, _fit), objective)
        close = _close(contenders, lambda trial: -objective(trial), CONTENDING + FINAL_GAIN)
        best = max(map(objective, close), default=0.0)
        # A codec without a fast pass gains nothing by the final one.
        hopeful = [
            each
            for each in close
            if objective(each) >= best - (HOPELESS if each.variant.fast else CONTENDING)
        ]
        return self._each(lambda fast: _final_start(fast, score), self._few(hopeful))

    def _highest_score(self) -> float:
        variants = [variant.final for variant in self._largest()]
        return max(
            self._each(
                lambda variant: variant.trial(variant.images.codec.qualities[1]).score, variants
            )
        )

    def _largest(self) -> list[Variant]:
        scale = min(variant.images.scale for variant in self._variants)
        return [variant for variant in self._variants if variant.images.scale == scale]

    def _needed_by_plain(self) -> Callable[[float], float]:
        """The bytes that the plain codec needs for a score; of several codecs, JPEG."""
        codecs = {variant.images.codec.name for variant in self._variants}
        name = codecs.pop() if len(codecs) == 1 else "jpeg"
        images = self._variants[0].images
        full = BaseImages(images.reference, base_codec(name), Fraction(1), fast=True)
        samples = np.linspace(*full.codec.qualities, PLAIN_SAMPLES, dtype=int)
        trials = self._each(Variant(full, None).trial, map(int, samples))
        scores = np.maximum.accumulate(self._each(_score, trials))
        logarithms = [math.log(trial.size) for trial in trials]
        return lambda score: math.exp(np.interp(score, scores, logarithms))

    def _few(self, fast_pass: list[Trial]) -> list[Trial]:
        """The first of each base codec; of the same images, the first alone."""
        chosen: dict[str, dict[BaseImages, Trial]] = {}
        for each in fast_pass:
            images = each.variant.images
            chosen.setdefault(images.codec.name, {}).setdefault(images, each)
        few = (list(found.values())[: self._effort.final_passes] for found in chosen.values())
        return list(chain.from_iterable(few))

    def _fitting(self, starts: list[_Start], size: int, fit: Fit) -> list[Trial]:
        """The highest quality of each variant that fits, without those of which none does."""
        # The plain codec and filters at scale 1 share their images.
        likely = {variant.images: quality for variant, quality in starts}
        qualities = self._each(lambda item: fit(*item, size), likely.items())
        fitting = dict(zip(likely, qualities, strict=True))
        trials = [(variant, fitting[variant.images]) for variant, _ in starts]
        return [variant.trial(quality) for variant, quality in trials if quality is not None]

    def _judged(self, trials: list[Trial], objective: Objective) -> list[Trial]:
        """The trials of equal bytes that were judged by SSIMULACRA2, the best one first."""
        by_codec: dict[BaseCodec, list[Trial]] = {}
        for trial in trials:
            by_codec.setdefault(trial.variant.images.codec, []).append(trial)
        self._each(_psnr, trials)
        leaders = [max(of_codec, key=_psnr) for of_codec in by_codec.values()]
        self._each(_score, leaders)
        judged: list[Trial] = []
        # Codecs with a fast pass come first, and always: they alone gain by the final pass.
        for leader in sorted(
            leaders, key=lambda each: (each.variant.fast, objective(each)), reverse=True
        ):
            if leader.variant.fast or not _hopeless(leader, judged, objective):
                judged += self._climbed(by_codec[leader.variant.images.codec], objective)
        return sorted(judged, key=objective, reverse=True)

    def _climbed(self, trials: list[Trial], objective: Objective) -> list[Trial]:
        """Of one base codec the plain trial, and others from the likeliest scale to the best."""
        plain = [trial for trial in trials if trial.variant.bank is None]
        others = sorted((trial for trial in trials if trial.variant.bank is not None), key=_scale)
        # PSNR prefers smaller scales than SSIMULACRA2 does.
        low = max(range(len(others)), key=lambda place: others[place].psnr, default=0)
        high = min(low + 2, len(others))
        self._each(_score, plain + others[low:high])
        while high - low < min(self._effort.scales, len(others)):
            best = max(range(low, high), key=lambda place: objective(others[place]))
            if best == high - 1 and high < len(others):
                high += 1
            elif best == low and low > 0:
                low -= 1
            else:
                break
        return plain + others[low:high]

    def _each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        results: list[Result] = self._parallel(joblib.delayed(function)(item) for item in items)
        return results


def _hopeless(leader: Trial, judged: list[Trial], objective: Objective) -> bool:
    """Whether other scales of a base codec cannot catch up with what was judged before."""
    measures = objective, _score
    return all(
        measure(leader) < max(map(measure, judged), default=-math.inf) - HOPELESS
        for measure in measures
    )


def _no_worse(trials: list[Trial]) -> list[Trial]:
    """Of trials of equal bytes those that have no lower score than a plain codec."""
    floor = max((each.score for each in trials if each.variant.bank is None), default=-math.inf)
    return [each for each in trials if each.score >= floor]


def _close(trials: list[Trial], cost: Callable[[Trial], float], slack: float) -> list[Trial]:
    """The trials that come close to the best one of their base codec.

    Different codecs cannot be compared after the fast pass: AVIF gains most by the final one.
    """
    least = _least(trials, cost)
    return [each for each in trials if cost(each) <= least[each.variant.images.codec.name] + slack]


def _least(trials: list[Trial], cost: Callable[[Trial], float]) -> dict[str, float]:
    """The least cost of each base codec."""
    least: dict[str, float] = {}
    for trial in trials:
        base = trial.variant.images.codec.name
        least[base] = min(cost(trial), least.get(base, math.inf))
    return least


def _fit(
    images: BaseImages, likely: float | None, size: int, slack: float = FULL_ENOUGH
) -> int | None:
    """The highest whole quality that fits, or one that leaves a share unused at most."""
    start = images.near(size) if likely is None else likely
    falling = images.codec.ladder[::-1]
    return first_passing(falling, _room(images, size), start, slack, GROWTH)


def _fill(images: BaseImages, likely: float | None, size: int) -> float | None:
    """The quality, whole or not, that leaves next to nothing unused."""
    codec = images.codec
    # Fractions gain a little less per byte than whole qualities: they fill what those leave.
    whole = _fit(images, likely, size, FULL if codec.finer == 1 else FULL_ENOUGH)
    if whole is None:
        return None
    falling = codec.fractions(whole)[::-1]
    return first_passing(falling, _room(images, size), whole, FULL, GROWTH / FINER)


def _room(images: BaseImages, size: int) -> Callable[[float], float]:
    """The share of so many bytes that a quality leaves unused."""
    return lambda quality: math.log(size / images.size(quality))


def _reach(start: _Start, score: float, slack: float = GOOD_ENOUGH) -> Trial | None:
    """The lowest whole quality that reaches a score, or one that exceeds it by a slack at most."""
    variant, quality = start
    reached = first_passing(
        variant.images.codec.ladder, _lead(variant, score), quality, slack, STEEPNESS
    )
    return None if reached is None else variant.trial(reached)


def _refine(reached: Trial, score: float) -> Trial:
    """A quality that need not be whole, where a whole one exceeds a score by much."""
    variant, codec, excess = reached.variant, reached.variant.images.codec, reached.score - score
    if codec.finer == 1 or excess <= GOOD_ENOUGH or reached.quality == codec.qualities[0]:
        return reached
    fractions = codec.fractions(reached.quality - 1)
    likely = fractions[max(0, math.ceil(FINER * (1 - excess / STEEPNESS)))]
    rise = STEEPNESS / FINER
    finer = first_passing(fractions, _lead(variant, score), likely, GOOD_ENOUGH, rise)
    trials = [reached] if finer is None else [reached, variant.trial(finer)]
    return min(trials, key=lambda trial: trial.size)


def _refined_size(reached: Trial, score: float) -> int:
    """About the bytes that are left by `_refine`."""
    whole = reached.variant.images.codec.finer == 1
    return reached.size if whole else _likely_size(reached, score)


def _near(variant: Variant, score: float) -> Trial | None:
    """A trial near a score; None where there is none."""
    ladder = variant.images.codec.ladder
    middle = variant.trial(ladder[len(ladder) // 2])
    return _reach(_Start(variant, _likely(middle, score)), score - ROUGHLY, 2 * ROUGHLY)


def _likely(trial: Trial, score: float) -> float:
    """The whole quality that likely has a score."""
    images = trial.variant.images
    quality = _fit(images, trial.quality, _likely_size(trial, score))
    return images.codec.qualities[0] if quality is None else quality


def _final_start(fast: Trial, score: float) -> _Start:
    """Where the codec at its best likely reaches a score."""
    gained = FINAL_GAIN if fast.variant.fast else 0.0
    return _Start(fast.variant.final, _likely(fast, score - gained))


def _likely_size(trial: Trial, score: float) -> int:
    """Bytes that a variant likely needs for a score, from what it needs for another one."""
    return round(trial.size * math.exp((score - trial.score) / GAIN))


def _lead(variant: Variant, score: float) -> Callable[[float], float]:
    """The points by which a quality exceeds a score."""
    return lambda quality: variant.trial(quality).score - score


def _smallest(variant: Variant) -> int:
    """Bytes of the smallest payload."""
    return variant.images.final.size(variant.images.codec.qualities[0])


def _scale(trial: Trial) -> Fraction:
    return trial.variant.images.scale


def _psnr(trial: Trial) -> float:
    return trial.psnr


def _score(trial: Trial) -> float:
    return trial.score


def _objective(trial: Trial) -> float:
    return trial.score + POINTS_PER_DECIBEL * trial.psnr


def _score_at(size: int) -> Objective:
    """SSIMULACRA2 as it likely is at so many bytes."""
    return lambda trial: trial.score + GAIN * math.log(size / trial.size)


def _objective_at(size: int) -> Objective:
    """Worth as it likely is when fractions of a quality have filled so many bytes."""

    def objective(trial: Trial) -> float:
        filled = size if trial.variant.images.codec.finer > 1 else trial.size
        return _objective(trial) + (GAIN + POINTS_PER_DECIBEL * GAIN_DECIBELS) * math.log(
            filled / trial.size
        )

    return objective
