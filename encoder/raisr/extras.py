"""The extras of this distribution: packages that only some commands need."""

from __future__ import annotations

from importlib.util import find_spec

from raisr.errors import ExtraMissing

EXTRAS = {
    "train": {
        "bjontegaard": "bjontegaard",
        "jinja2": "jinja2",
        "matplotlib": "matplotlib",
        "skimage": "scikit-image",
        "threadpoolctl": "threadpoolctl",
    },
    "distributed": {"distributed": "distributed"},
}
"""Of each extra, the modules that are imported and the packages that install them."""


def require_extra(extra: str) -> None:
    """Make sure that all packages of an extra are installed, without importing them.

    Parameters
    ----------
    extra : str
        One of `EXTRAS`.

    Raises
    ------
    ExtraMissing
        It names the first package that is missing.
    """
    for module, package in EXTRAS[extra].items():
        if find_spec(module) is None:
            raise ExtraMissing(extra, package)
