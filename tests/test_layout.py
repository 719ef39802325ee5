"""Which part may import which: web -> encoder -> decoder -> numpy, and never back."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
DISTRIBUTIONS = {
    "raisr_decoder": CHECKOUT / "wasm_decoder" / "raisr_decoder",
    "raisr": CHECKOUT / "encoder" / "raisr",
    "raisr_web": CHECKOUT / "web" / "raisr_web",
}
SOURCES = [path for folder in DISTRIBUTIONS.values() for path in sorted(folder.rglob("*.py"))]

# Runs alone, so that nothing that the tests themselves import counts.
LIST_IMPORTS = """
import importlib, pkgutil, sys
before = set(sys.modules)
package = importlib.import_module(sys.argv[1])
for module in pkgutil.iter_modules(package.__path__):
    importlib.import_module(f"{package.__name__}.{module.name}")
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""


def imported_by(package: str) -> set[str]:
    """Top-level modules that importing every module of a package brings in."""
    done = subprocess.run(
        [sys.executable, "-c", LIST_IMPORTS, package], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def modules_named_in(source: Path) -> set[str]:
    """Top-level modules that a source file imports anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_the_decoder_needs_numpy_alone() -> None:
    assert imported_by("raisr_decoder") - sys.stdlib_module_names == {"raisr_decoder", "numpy"}


def test_the_encoder_does_not_know_the_web() -> None:
    assert "raisr_web" not in imported_by("raisr")


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_source_imports_only_what_its_place_allows(source: Path) -> None:
    imports = modules_named_in(source)
    package = source.relative_to(CHECKOUT).parts[1]
    above = {"raisr_decoder": {"raisr", "raisr_web"}, "raisr": {"raisr_web"}}
    assert not imports & above.get(package, set())
    if source.name != "image_io.py":
        assert not {"PIL", "pyvips"} & imports
    if source.name != "browser.py":
        assert not imports & {"js", "pyodide", "pyodide_js"}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_only_command_lines_print(source: Path) -> None:
    printing = {
        node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    } & {"print", "echo", "secho"}
    assert not printing or source.name == "cli.py"
