"""How commands and libraries report progress."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float, float], None]
"""Called with the name of a step, how many parts of it are done, and how many there are."""
