"""How the functions of this package are compiled, and when compiled code is out of date."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import FunctionCache

from raisr.fingerprint import fingerprint


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function when it is first called, and keep the code on disk."""
    dispatcher: Any = numba.njit(nogil=True, error_model="numpy")(function)
    dispatcher._cache = _Cache(function)  # type: ignore[no-untyped-call]
    return dispatcher


class _Cache(FunctionCache):
    """Numba's own cache on disk notices changes of a function's own file alone."""

    def _index_key(self, *arguments: Any) -> tuple[Any, ...]:
        key: tuple[Any, ...] = super()._index_key(*arguments)  # type: ignore[no-untyped-call]
        return *key, revision()


@cache
def revision() -> str:
    """Fingerprint of this package's sources, and of the constants that its modules import.

    A changed constant of the decoder changes it, an edited docstring of the decoder does not.
    """
    sources = sorted(Path(__file__).parent.glob("*.py"))
    names = [source.stem for source in sources if source.stem != "__init__"]
    modules = [import_module(f"{__package__}.{name}") for name in names]
    constants = {
        f"{module.__name__}.{name} = {value!r}"
        for module in modules
        for name, value in vars(module).items()
        if name.isupper()
    }
    return fingerprint(*map(Path.read_bytes, sources), *sorted(constants))
