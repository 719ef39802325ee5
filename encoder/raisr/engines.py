"""Which engine does the arithmetic on this machine. All of them give the same pixels."""

from __future__ import annotations

from importlib.util import find_spec

from raisr.errors import SettingsInvalid
from raisr_decoder.engine import NUMPY, Engine


def fastest() -> Engine:
    """Numba's engine where Numba is installed, else NumPy's."""
    return engine_named("numba" if find_spec("numba") else "numpy")


def engine_named(name: str) -> Engine:
    """The engine of that name.

    Parameters
    ----------
    name : str
        "numba", "numpy", or "auto" for the fastest that is installed.

    Raises
    ------
    SettingsInvalid
    """
    if name == "auto":
        return fastest()
    if name == "numpy":
        return NUMPY
    if name != "numba":
        raise SettingsInvalid(f"{name!r} is no engine; choose auto, numba or numpy")
    # Slow to import, and not needed where NumPy does.
    from raisr import kernels

    return kernels.engine()
