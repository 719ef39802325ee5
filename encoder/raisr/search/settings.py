"""What a payload shall be."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from raisr.errors import SettingsInvalid
from raisr_decoder.bank import BASES

AUTO_BASES = ("avif", "webp", "jpeg")
"""Base codecs that every current browser decodes, those that need the fewest bytes first."""

DEFAULT_SCORE = 70.0
"""Target score where nothing else is asked for: high quality."""


@dataclass(frozen=True)
class Settings:
    """What a payload shall be: at most one of quality, target size and target score is given.

    Attributes
    ----------
    base : str
        Base codec, or "auto" for the best of those that every browser decodes.
    scale : Fraction or None
        Output size / base size; None for the best.
    quality : int or None
        Of the base codec, literally; a codec whose range ends before takes what it has. Of several
        scales and base codecs, the one that saves most is kept: compared with the bytes that the
        plain base codec (for "auto", plain JPEG) needs for the same SSIMULACRA2.
    target_size : int or None
        Largest size of the payload in bytes; what fits and looks best is kept,
        by SSIMULACRA2 and luma PSNR.
    target_score : float or None
        Lowest SSIMULACRA2; the fewest bytes that reach it are kept. `DEFAULT_SCORE` where no other
        aim is given.
    effort : int
        1..3: how many variants are judged by SSIMULACRA2 and get a final pass; with 3 all do, and
        there is no fast pass.

    Raises
    ------
    SettingsInvalid
    """

    base: str = "auto"
    scale: Fraction | None = None
    quality: int | None = None
    target_size: int | None = None
    target_score: float | None = None
    effort: int = 2

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("base", self.base, ("auto", *BASES)),
            ("quality", self.quality, (None, *range(101))),
            ("effort", self.effort, (1, 2, 3)),
        ):
            if value not in allowed:
                known = "0 to 100" if name == "quality" else ", ".join(map(str, allowed))
                raise SettingsInvalid(f"{value!r} is no {name}; choose one of {known}")
        if self.target_size is not None and self.target_size < 1:
            raise SettingsInvalid(f"{self.target_size} bytes are no target size; give at least 1")
        aims = {
            "quality": self.quality,
            "target size": self.target_size,
            "target score": self.target_score,
        }
        given = [name for name, value in aims.items() if value is not None]
        if len(given) > 1:
            raise SettingsInvalid(f"{' and '.join(given)} exclude each other; give one")
        if self.base == "png" and self.quality is not None and self.scale is None:
            raise SettingsInvalid(
                "png is lossless, so a quality does not tell what scale it shall have; give a "
                "scale, a target size or a target score"
            )

    @property
    def bases(self) -> tuple[str, ...]:
        """The base codecs to try."""
        return AUTO_BASES if self.base == "auto" else (self.base,)
