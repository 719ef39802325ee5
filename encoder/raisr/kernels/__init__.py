"""The decoder's functions in Numba: same names, same signatures, same results, but faster.

`hashing`, `filtering` and `color` hold plain Numba functions, each beside a wrapper that allocates
its result; `simd` holds the one primitive that is written in LLVM's own terms. No function below
the wrappers allocates memory or raises: `tools.compile_kernel` compiles them to WebAssembly for
browsers, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from numba.core import config

from raisr.kernels.color import compose, resize
from raisr.kernels.filtering import filter_cells, filter_plane
from raisr.kernels.hashing import hash_cells
from raisr_decoder.engine import Engine

__all__ = ["compose", "engine", "filter_cells", "filter_plane", "hash_cells", "resize"]


def engine(threads: int | None = None) -> Engine:
    """The engine of functions compiled for this machine.

    Parameters
    ----------
    threads : int, optional
        By default as many as this machine has cores, or as NUMBA_NUM_THREADS says.
    """
    count = threads or config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    mapping = map if count == 1 else partial(_in_threads, count)
    return Engine("numba", filter_cells, resize, compose, mapping)


def _in_threads(threads: int, function: Callable[..., Any], items: Iterable[Any]) -> Iterator[Any]:
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(function, items)
