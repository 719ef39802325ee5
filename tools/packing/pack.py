"""Runs in Pyodide: write the modules that are loaded, as bytecode, into two archives.

Nothing in the archives is compressed: they are sent under brotli, which compresses better.
"""

# ruff: noqa: E402

import sys

# The modules imported from here on are for packing alone.
LOADED = list(sys.modules.values())

import ast
import importlib.util
import io
import marshal
import tarfile
import zipfile
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType
from typing import Any

# Flags of a .pyc file that is valid whatever happens to its source.
UNCHECKED = (1).to_bytes(4, "little")
NO_LOCATION = 0b1_1111_000
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
# Decoding takes no linear algebra, the second largest of NumPy's files.
STAND_INS = {"numpy.linalg._umath_linalg": "_ilp64 = False"}


def pack(packages: str, target: str) -> None:
    """Pack the loaded modules of the folder `packages`, and those of the standard library."""
    library = next(path for path in sys.path if path.endswith(".zip"))
    with zipfile.ZipFile(Path(target, "standard.zip"), "w") as archive:
        for name, content in modules_below(library):
            archive.writestr(zipfile.ZipInfo(name), content)
    with tarfile.open(Path(target, "packages.tar"), "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in (*modules_below(packages), *libraries_below(packages)):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))


def modules_below(root: str) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the files that the loaded modules below `root` become."""
    for module in LOADED:
        spec = module.__spec__
        # Frozen modules, part of the interpreter, have no location.
        if spec is None or not spec.has_location or spec.origin is None:
            continue
        folder, name = spec.origin[: len(root) + 1], spec.origin[len(root) + 1 :]
        if folder != f"{root}/":
            continue
        if spec.name in STAND_INS:
            yield f"{name.partition('.')[0]}.pyc", bytecode(STAND_INS[spec.name], name)
        elif name.endswith(".py"):
            yield f"{name}c", bytecode(source_of(spec), name)
        else:
            yield name, Path(spec.origin).read_bytes()


def libraries_below(root: str) -> Iterator[tuple[str, bytes]]:
    """Compiled code that no import statement loads."""
    for path in sorted(Path(root).rglob("*.wasm")):
        yield str(path.relative_to(root)), path.read_bytes()


def source_of(spec: ModuleSpec) -> str:
    loader: Any = spec.loader
    source: str = loader.get_source(spec.name)
    return source


def bytecode(source: str, name: str) -> bytes:
    """The content of a .pyc file: without asserts, docstrings and line numbers."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, Documented):
            empty_docstring(node)
    code = without_lines(compile(tree, name, "exec", dont_inherit=True, optimize=1))
    sums = importlib.util.source_hash(source.encode())
    return importlib.util.MAGIC_NUMBER + UNCHECKED + sums + marshal.dumps(code)


def empty_docstring(node: Documented) -> None:
    """Empty it, not remove it: NumPy composes some docstrings from others."""
    if ast.get_docstring(node, clean=False):
        node.body[0] = ast.copy_location(ast.Expr(ast.Constant("")), node.body[0])
        ast.fix_missing_locations(node.body[0])


def without_lines(code: CodeType) -> CodeType:
    constants = tuple(
        without_lines(constant) if isinstance(constant, CodeType) else constant
        for constant in code.co_consts
    )
    return code.replace(co_linetable=no_lines(code), co_consts=constants)


def no_lines(code: CodeType) -> bytes:
    """A table that knows no line of any instruction; tracebacks need one that covers all of them.

    Each byte stands for up to eight units of code without a location: "Objects/locations.md" of
    CPython describes it.
    """
    eights, rest = divmod(len(code.co_code) // 2, 8)
    return bytes([NO_LOCATION + 7] * eights + [NO_LOCATION + rest - 1] * (rest > 0))
