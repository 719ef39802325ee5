"""How far long work is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float, float], None]
"""Told the name of a step, how many parts of it are done, and of how many."""
