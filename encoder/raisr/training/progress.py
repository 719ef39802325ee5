"""Reports the progress of a training, as a whole and step by step."""

from __future__ import annotations

from raisr.progress import Progress
from raisr.training.settings import Settings

WHOLE = "training"
"""The step that stands for the whole training; its parts are percent."""

ENCODING, SAMPLING, GROWING, SUMMING, FITTING, MEASURING = (
    "encoding photographs",
    "sampling",
    "growing",
    "summing",
    "fitting",
    "measuring",
)

# Seconds for a photograph of 1.5 megapixels; only their ratios count.
ENCODING_SECONDS = {"jpeg": 0.2, "webp": 0.4, "avif": 1.0, "png": 0.25}
SAMPLING_SECONDS, SUMMING_SECONDS, MEASURING_SECONDS = 0.15, 0.15, 0.01
LEVEL_SECONDS = 6.0
"""For one level of a tree, whatever the number of photographs."""

FITTING_SECONDS = 10.0


def stage_name(number: int) -> str:
    return f"stage {number}"


def stage_step(number: int, step: str) -> str:
    return f"{stage_name(number)}: {step}"


def measuring_step(stage: str) -> str:
    return f"{MEASURING} {stage}"


class TrainingProgress:
    """Reports each step, and the share of the whole training that is done.

    Parameters
    ----------
    report : callable
    photos : int
        Their number.
    settings : Settings
    """

    def __init__(self, report: Progress, photos: int, settings: Settings) -> None:
        self._report = report
        self._seconds = _seconds(photos, settings)
        self._done = dict.fromkeys(self._seconds, 0.0)
        report(WHOLE, 0, 100)

    def __call__(self, step: str, done: int, total: int) -> None:
        self._report(step, done, total)
        self._done[step] = done / total
        share = sum(seconds * self._done[each] for each, seconds in self._seconds.items())
        self._report(WHOLE, 100 * share / sum(self._seconds.values()), 100)

    def skip(self, step: str) -> None:
        """Report that nothing of a step is left to do, unless it is reported already."""
        if self._done.get(step) != 1:
            self(step, 1, 1)


def _seconds(photos: int, settings: Settings) -> dict[str, float]:
    """About how long each step takes."""
    photos *= min(settings.encodings, len(settings.qualities))
    seconds = {ENCODING: ENCODING_SECONDS[settings.base] * photos}
    for number, depth in enumerate(settings.depths, start=1):
        seconds[stage_step(number, SAMPLING)] = SAMPLING_SECONDS * photos
        seconds[stage_step(number, GROWING)] = LEVEL_SECONDS * depth
        seconds[stage_step(number, SUMMING)] = SUMMING_SECONDS * photos
        seconds[stage_step(number, FITTING)] = FITTING_SECONDS
        seconds[measuring_step(stage_name(number))] = MEASURING_SECONDS * photos
    return seconds
