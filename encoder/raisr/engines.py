"""Which engine does the arithmetic on this machine. All of them give the same pixels."""

from __future__ import annotations

from importlib.util import find_spec

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
    """
    if name == "auto":
        return fastest()
    if name == "numpy":
        return NUMPY
    # Slow to import, and not needed where NumPy does.
    from raisr import kernels

    return kernels.engine()
