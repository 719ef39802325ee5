"""Photograph -> the best of its candidates: base codec, scale, quality and bank."""

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

from raisr_encoder.bank_store import BankStore
from raisr_encoder.base_codec import BaseCodec, base_codec
from raisr_encoder.candidate import BasePictures, Candidate, Original, Trial, Way
from raisr_encoder.crossing import first_passing
from raisr_encoder.errors import BankMissing, ScoreUnreachable, TargetUnreachable
from raisr_encoder.settings import DEFAULT_SCORE, Settings

FULL_ENOUGH, FULL = 0.015, 0.003
"""Share of a target size that drafts and final files may leave unused."""

GOOD_ENOUGH = 0.4
"""Points of SSIMULACRA2 above a target at which refining stops."""

ROUGHLY = 7.0
"""Points off a target from where one can tell the bytes that it likely needs."""

HOPELESS = 5.0
"""Points of SSIMULACRA2 behind another base codec from where on other scales do not help.

On six photographs at three sizes and three scores no file of JPEG or WebP that started from so
far behind AVIF's draft came closer than 2.6.
"""

CLOSE = 0.05
"""dB behind the best draft up to which a draft is finished, too."""

FINISHING = 10.0
"""Points of SSIMULACRA2 that one draft may gain over another at equal bytes by being finished."""

FINISHED = 1.0
"""Points that a draft gains at the same quality, about; at equal bytes some gain as much more."""

RIVALLING = 0.5
"""Points of SSIMULACRA2 behind the best up to which others are tried at other bytes, too."""

DECIBEL = 60.0
"""Points of SSIMULACRA2 that a dB of luma PSNR is worth at equal bytes.

SSIMULACRA2 alone prefers so much reduction that it gives up two dB for two points. On six training
photographs as JPEG, 20 points saved 22 % of the bytes by luma PSNR and 39 % by SSIMULACRA2, 60
points 25 and 35 %, 1000 points no more by PSNR.
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

Merit = Callable[[Trial], float]
"""What trials of equal bytes are compared by."""

Fit = Callable[[BasePictures, float | None, int], float | None]
"""The quality of a payload that fits into so many bytes, from a whole one that likely does."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Effort:
    """How much of what could be tried is tried.

    Attributes
    ----------
    drafts : bool
        Whether the search uses the codec's quick twin.
    scales : int
        How many scales of a base codec are judged.
    finished : int
        How many of the best drafts are finished with the codec at its best.
    """

    drafts: bool
    scales: int
    finished: int


EFFORTS = {1: Effort(True, 2, 1), 2: Effort(True, 4, 2), 3: Effort(False, 99, 3)}


def search(
    photo: NDArray[np.uint8],
    settings: Settings,
    banks: BankStore | None = None,
    jobs: int = -1,
) -> Candidate:
    """The best candidate for what is asked.

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
        return best.candidate()


def search_sizes(
    photo: NDArray[np.uint8],
    settings: Settings,
    sizes: Sequence[int],
    banks: BankStore | None = None,
    jobs: int = -1,
) -> list[Candidate | None]:
    """As `search` for several target sizes, in less time than one by one; None where nothing fits.

    Raises
    ------
    BankMissing, BankError
    """
    found: list[Candidate | None] = []
    with _searching(photo, settings, banks, jobs) as searching:
        for size in sizes:
            try:
                found.append(searching.within(size).candidate())
            except TargetUnreachable:
                found.append(None)
    return found


def plain(photo: NDArray[np.uint8], base: str, quality: int) -> Candidate:
    """The photograph at full size through a base codec and nothing else.

    Parameters
    ----------
    photo : ndarray of shape (M, N, 3), or (M, N, 4) with straight alpha, uint8
    base : str
    quality : int
    """
    return _plain_way(photo, base).trial(quality).candidate()


def plain_within(photo: NDArray[np.uint8], base: str, size: int) -> Candidate:
    """As `plain`, at the highest quality that fits into so many bytes.

    Raises
    ------
    TargetUnreachable
    """
    way = _plain_way(photo, base)
    quality = _fill(way.pictures, None, size)
    if quality is None:
        raise TargetUnreachable(size, _smallest(way))
    return way.trial(quality).candidate()


def plain_reaching(photo: NDArray[np.uint8], base: str, score: float) -> Candidate:
    """As `plain`, at about the lowest quality that reaches a score.

    Raises
    ------
    ScoreUnreachable
    """
    way = _plain_way(photo, base)
    trial = _reach(_Start(way), score)
    if trial is None:
        raise ScoreUnreachable(score, way.trial(way.pictures.codec.qualities[1]).score)
    return trial.candidate()


def _plain_way(photo: NDArray[np.uint8], base: str) -> Way:
    return Way(BasePictures(Original(photo), base_codec(base), Fraction(1)), None)


@contextmanager
def _searching(
    photo: NDArray[np.uint8], settings: Settings, banks: BankStore | None, jobs: int
) -> Iterator[_Search]:
    effort = EFFORTS[settings.effort]
    ways = _ways(Original(photo), settings, banks or BankStore(), effort.drafts)
    with joblib.Parallel(n_jobs=jobs, backend="threading") as parallel:
        yield _Search(ways, effort, parallel)


def _ways(original: Original, settings: Settings, banks: BankStore, draft: bool) -> list[Way]:
    """All that may be tried, little reduction first; at scale 1 the plain codec, too."""
    ways = []
    for codec in map(base_codec, settings.bases):
        served = banks.scales(codec.name)
        scales = {Fraction(1), *served} if settings.scale is None else {settings.scale}
        for scale in scales:
            pictures = BasePictures(original, codec, scale, draft)
            ways += [Way(pictures, banks)] if scale in served else []
            ways += [Way(pictures, None)] if scale == 1 else []
    if not ways:
        raise BankMissing(settings.base, settings.scale)
    return sorted(ways, key=lambda way: way.pictures.scale)


class _Start(NamedTuple):
    """A way to look at, and a whole quality that is likely near the one sought."""

    way: Way
    quality: float | None = None


class _Search:
    """The ways, judged as far as the effort goes."""

    def __init__(self, ways: list[Way], effort: Effort, parallel: joblib.Parallel) -> None:
        self._ways, self._effort, self._parallel = ways, effort, parallel
        self._starts = [_Start(way) for way in ways]

    def within(self, size: int) -> Trial:
        """The best of both measures within so many bytes, with no score below the plain codec's.

        Raises
        ------
        TargetUnreachable
        """
        worth = _worth_at(size)
        drafts = _no_worse(self._judged(self._fitting(self._starts, size, _fit), worth))
        close = _close(drafts, lambda trial: -worth(trial), CLOSE * DECIBEL)
        plain = self._plain_near(close, size)
        chosen = (_Start(each.way.final, each.quality) for each in self._few(close))
        finishing = {start.way: start for start in [*plain, *chosen]}
        # Where no draft fits, a file that takes its time may.
        starts = list(finishing.values()) or [_Start(way.final) for way in self._ways]
        finals = _no_worse(self._judged(self._fitting(starts, size, _fill), _worth))
        if not finals:
            raise TargetUnreachable(size, min(self._each(_smallest, self._ways)))
        return finals[0]

    def reaching(self, score: float) -> Trial:
        """The fewest bytes that reach a score.

        Raises
        ------
        ScoreUnreachable
        """
        reached = self._each(lambda start: _reach(start, score), self._rivals(score))
        finals = [trial for trial in reached if trial is not None]
        if not finals:
            raise ScoreUnreachable(score, self._highest_score())
        return _refine(min(finals, key=lambda trial: _refined_size(trial, score)), score)

    def at_quality(self, quality: int) -> Trial:
        """What saves most against the plain codec, at a quality of the base codec."""
        trials = [way.trial(way.pictures.codec.nearest(quality)) for way in self._ways]
        self._each(_score, trials)
        if len({trial.way.pictures for trial in trials}) == 1:
            best = max(trials, key=_score)
        else:
            needed = self._needed_by_plain()
            best = min(trials, key=lambda trial: trial.size / needed(trial.score))
        return best.way.final.trial(best.quality)

    def _plain_near(self, close: list[Trial], size: int) -> list[_Start]:
        """Plain codecs whose drafts do not tell for certain that they are no better."""
        least = _least(close, lambda trial: -trial.score)
        starts = []
        for way in self._ways:
            name, quality = way.pictures.codec.name, way.pictures.near(size)
            if way.banks is None and quality is not None and name in least:
                likely = -way.trial(quality).score <= least[name] + FINISHING
                starts += [_Start(way.final, quality)] if likely else []
        return starts

    def _rivals(self, score: float) -> list[_Start]:
        """The ways that may need the fewest bytes for a score."""
        if self._ways[0].pictures.codec.lossless:
            return self._starts
        found = (_near(way, score) for way in self._least_reduced())
        first = next((trial for trial in found if trial is not None), None)
        if first is None:
            return []
        # At the bytes that one way likely needs, others show whether they need fewer.
        size = _likely_size(first, score)
        merit = _score_at(size)
        rivals = self._judged(self._fitting(self._starts, size, _fit), merit)
        close = _close(rivals, lambda trial: -merit(trial), RIVALLING + FINISHED)
        best = max(map(merit, close), default=0.0)
        # What is no draft gains nothing by being finished.
        hopeful = [
            each
            for each in close
            if merit(each) >= best - (HOPELESS if each.way.draft else RIVALLING)
        ]
        return self._each(lambda draft: _finishing(draft, score), self._few(hopeful))

    def _highest_score(self) -> float:
        ways = [way.final for way in self._least_reduced()]
        return max(self._each(lambda way: way.trial(way.pictures.codec.qualities[1]).score, ways))

    def _least_reduced(self) -> list[Way]:
        scale = min(way.pictures.scale for way in self._ways)
        return [way for way in self._ways if way.pictures.scale == scale]

    def _needed_by_plain(self) -> Callable[[float], float]:
        """The bytes that the plain codec needs for a score; of several codecs, JPEG."""
        codecs = {way.pictures.codec.name for way in self._ways}
        name = codecs.pop() if len(codecs) == 1 else "jpeg"
        pictures = self._ways[0].pictures
        full = BasePictures(pictures.original, base_codec(name), Fraction(1), draft=True)
        samples = np.linspace(*full.codec.qualities, PLAIN_SAMPLES, dtype=int)
        trials = self._each(Way(full, None).trial, map(int, samples))
        scores = np.maximum.accumulate(self._each(_score, trials))
        logarithms = [math.log(trial.size) for trial in trials]
        return lambda score: math.exp(np.interp(score, scores, logarithms))

    def _few(self, drafts: list[Trial]) -> list[Trial]:
        """The first of each base codec; of the same pictures, the first alone."""
        chosen: dict[str, dict[BasePictures, Trial]] = {}
        for each in drafts:
            pictures = each.way.pictures
            chosen.setdefault(pictures.codec.name, {}).setdefault(pictures, each)
        few = (list(found.values())[: self._effort.finished] for found in chosen.values())
        return list(chain.from_iterable(few))

    def _fitting(self, starts: list[_Start], size: int, fit: Fit) -> list[Trial]:
        """The highest quality of each way that fits, without those of which none does."""
        # The plain codec and filters at scale 1 share their pictures.
        likely = {way.pictures: quality for way, quality in starts}
        qualities = self._each(lambda item: fit(*item, size), likely.items())
        fitting = dict(zip(likely, qualities, strict=True))
        trials = [(way, fitting[way.pictures]) for way, _ in starts]
        return [way.trial(quality) for way, quality in trials if quality is not None]

    def _judged(self, trials: list[Trial], merit: Merit) -> list[Trial]:
        """The trials of equal bytes that were worth a SSIMULACRA2, the best one first."""
        by_codec: dict[BaseCodec, list[Trial]] = {}
        for trial in trials:
            by_codec.setdefault(trial.way.pictures.codec, []).append(trial)
        self._each(_psnr, trials)
        leaders = [max(of_codec, key=_psnr) for of_codec in by_codec.values()]
        self._each(_score, leaders)
        judged: list[Trial] = []
        # Drafts come first, and always: they alone gain by being finished.
        for leader in sorted(leaders, key=lambda each: (each.way.draft, merit(each)), reverse=True):
            if leader.way.draft or not _hopeless(leader, judged, merit):
                judged += self._climbed(by_codec[leader.way.pictures.codec], merit)
        return sorted(judged, key=merit, reverse=True)

    def _climbed(self, trials: list[Trial], merit: Merit) -> list[Trial]:
        """Of one base codec the plain trial, and others from the likeliest scale to the best."""
        plain = [trial for trial in trials if trial.bank is None]
        others = sorted((trial for trial in trials if trial.bank is not None), key=_scale)
        # PSNR prefers less reduction than SSIMULACRA2 does.
        low = max(range(len(others)), key=lambda place: others[place].psnr, default=0)
        high = min(low + 2, len(others))
        self._each(_score, plain + others[low:high])
        while high - low < min(self._effort.scales, len(others)):
            best = max(range(low, high), key=lambda place: merit(others[place]))
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


def _hopeless(leader: Trial, judged: list[Trial], merit: Merit) -> bool:
    """Whether other scales of a base codec cannot catch up with what was judged before."""
    measures = merit, _score
    return all(
        measure(leader) < max(map(measure, judged), default=-math.inf) - HOPELESS
        for measure in measures
    )


def _no_worse(trials: list[Trial]) -> list[Trial]:
    """Of trials of equal bytes those that have no lower score than a plain codec."""
    floor = max((trial.score for trial in trials if trial.bank is None), default=-math.inf)
    return [each for each in trials if each.score >= floor]


def _close(trials: list[Trial], cost: Callable[[Trial], float], slack: float) -> list[Trial]:
    """The trials that come close to the best one of their base codec.

    Drafts of different codecs cannot be compared: AVIF's gain most when they are finished.
    """
    least = _least(trials, cost)
    return [each for each in trials if cost(each) <= least[each.way.pictures.codec.name] + slack]


def _least(trials: list[Trial], cost: Callable[[Trial], float]) -> dict[str, float]:
    """The least cost of each base codec."""
    least: dict[str, float] = {}
    for trial in trials:
        base = trial.way.pictures.codec.name
        least[base] = min(cost(trial), least.get(base, math.inf))
    return least


def _fit(
    pictures: BasePictures, likely: float | None, size: int, slack: float = FULL_ENOUGH
) -> int | None:
    """The highest whole quality that fits, or one that leaves a share unused at most."""
    start = pictures.near(size) if likely is None else likely
    falling = pictures.codec.ladder[::-1]
    return first_passing(falling, _room(pictures, size), start, slack, GROWTH)


def _fill(pictures: BasePictures, likely: float | None, size: int) -> float | None:
    """The quality, whole or not, that leaves next to nothing unused."""
    codec = pictures.codec
    # Fractions gain a little less per byte than whole qualities: they fill what those leave.
    whole = _fit(pictures, likely, size, FULL if codec.finer == 1 else FULL_ENOUGH)
    if whole is None:
        return None
    falling = codec.fractions(whole)[::-1]
    return first_passing(falling, _room(pictures, size), whole, FULL, GROWTH / FINER)


def _room(pictures: BasePictures, size: int) -> Callable[[float], float]:
    """The share of so many bytes that a quality leaves unused."""
    return lambda quality: math.log(size / pictures.size(quality))


def _reach(start: _Start, score: float, slack: float = GOOD_ENOUGH) -> Trial | None:
    """The lowest whole quality that reaches a score, or one that exceeds it by a slack at most."""
    way, quality = start
    reached = first_passing(way.pictures.codec.ladder, _lead(way, score), quality, slack, STEEPNESS)
    return None if reached is None else way.trial(reached)


def _refine(reached: Trial, score: float) -> Trial:
    """A quality that need not be whole, where a whole one exceeds a score by much."""
    way, codec, excess = reached.way, reached.way.pictures.codec, reached.score - score
    if codec.finer == 1 or excess <= GOOD_ENOUGH or reached.quality == codec.qualities[0]:
        return reached
    fractions = codec.fractions(reached.quality - 1)
    likely = fractions[max(0, math.ceil(FINER * (1 - excess / STEEPNESS)))]
    rise = STEEPNESS / FINER
    finer = first_passing(fractions, _lead(way, score), likely, GOOD_ENOUGH, rise)
    trials = [reached] if finer is None else [reached, way.trial(finer)]
    return min(trials, key=lambda trial: trial.size)


def _refined_size(reached: Trial, score: float) -> int:
    """About the bytes that are left by `_refine`."""
    whole = reached.way.pictures.codec.finer == 1
    return reached.size if whole else _likely_size(reached, score)


def _near(way: Way, score: float) -> Trial | None:
    """A trial near a score; None where there is none."""
    ladder = way.pictures.codec.ladder
    middle = way.trial(ladder[len(ladder) // 2])
    return _reach(_Start(way, _likely(middle, score)), score - ROUGHLY, 2 * ROUGHLY)


def _likely(trial: Trial, score: float) -> float:
    """The whole quality that likely has a score."""
    pictures = trial.way.pictures
    quality = _fit(pictures, trial.quality, _likely_size(trial, score))
    return pictures.codec.qualities[0] if quality is None else quality


def _finishing(draft: Trial, score: float) -> _Start:
    """Where the codec at its best likely reaches a score."""
    gained = FINISHED if draft.way.draft else 0.0
    return _Start(draft.way.final, _likely(draft, score - gained))


def _likely_size(trial: Trial, score: float) -> int:
    """Bytes that a way likely needs for a score, from what it needs for another one."""
    return round(trial.size * math.exp((score - trial.score) / GAIN))


def _lead(way: Way, score: float) -> Callable[[float], float]:
    """The points by which a quality exceeds a score."""
    return lambda quality: way.trial(quality).score - score


def _smallest(way: Way) -> int:
    """Bytes of the smallest payload."""
    return way.pictures.final.size(way.pictures.codec.qualities[0])


def _scale(trial: Trial) -> Fraction:
    return trial.way.pictures.scale


def _psnr(trial: Trial) -> float:
    return trial.psnr


def _score(trial: Trial) -> float:
    return trial.score


def _worth(trial: Trial) -> float:
    return trial.score + DECIBEL * trial.psnr


def _score_at(size: int) -> Merit:
    """SSIMULACRA2 as it likely is at so many bytes."""
    return lambda trial: trial.score + GAIN * math.log(size / trial.size)


def _worth_at(size: int) -> Merit:
    """Worth as it likely is when fractions of a quality have filled so many bytes."""

    def worth(trial: Trial) -> float:
        filled = size if trial.way.pictures.codec.finer > 1 else trial.size
        return _worth(trial) + (GAIN + DECIBEL * GAIN_DECIBELS) * math.log(filled / trial.size)

    return worth
