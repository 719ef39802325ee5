"""What a payload shall be."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from raisr.errors import SettingsContradict

AUTO_BASES = ("avif", "webp", "jpeg")
"""Base codecs that every current browser decodes, those that need the fewest bytes first."""

DEFAULT_SCORE = 70.0
"""SSIMULACRA2 that is aimed at where nothing else is asked for: high quality."""


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
        1..3: how many candidates are judged by SSIMULACRA2 and finished with the codec at its best;
        3 does without quick drafts.

    Raises
    ------
    SettingsContradict
    """

    base: str = "auto"
    scale: Fraction | None = None
    quality: int | None = None
    target_size: int | None = None
    target_score: float | None = None
    effort: int = 2

    def __post_init__(self) -> None:
        aims = {
            "quality": self.quality,
            "target size": self.target_size,
            "target score": self.target_score,
        }
        given = [name for name, value in aims.items() if value is not None]
        if len(given) > 1:
            raise SettingsContradict(f"{' and '.join(given)} exclude each other; give one")
        if self.base == "png" and self.quality is not None and self.scale is None:
            raise SettingsContradict(
                "png is lossless, so a quality does not tell what scale it shall have; give a "
                "scale, a target size or a target score"
            )

    @property
    def bases(self) -> tuple[str, ...]:
        """The base codecs to try."""
        return AUTO_BASES if self.base == "auto" else (self.base,)
