"""Which part may import which (web -> encoder -> decoder -> numpy, never back), and the words."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
DISTRIBUTIONS = {
    "raisr_decoder": CHECKOUT / "wasm_decoder" / "raisr_decoder",
    "raisr": CHECKOUT / "encoder" / "raisr",
    "raisr_web": CHECKOUT / "web" / "raisr_web",
}
SOURCES = [path for folder in DISTRIBUTIONS.values() for path in sorted(folder.rglob("*.py"))]

WRITTEN = [
    path
    for place in ("wasm_decoder", "encoder", "web", "tools", "tests", "benchmarks", "docs", "*.md")
    for root in sorted(CHECKOUT.glob(place))
    for path in ([root] if root.is_file() else sorted(root.rglob("*")))
    if path.suffix in {".py", ".md", ".js", ".mjs", ".ts", ".html", ".css", ".txt"}
    and not {"build", "runtime", "vectors", "__pycache__"} & set(path.parts)
    and path != Path(__file__)
]

# Private words that this project once had, each with the field's word for it.
WORDS = {
    r"\bcrew\b": "executor",
    r"\berrands?\b": "job",
    r"\brivals?\b": "baseline",
    r"\bheld[ _-]back\b": "validation set",
    r"\bwork[ _-]?folders?\b": "checkpoint directory",
    r"\bover[ _]white\b": "composited on white",
    r"\bbase pictures?\b": "base image",
    r"\bfull pictures?\b": "output image",
    r"\brehears\w+": "import trace",
    r"\bpatiently\b": "with retries",
    r"\btwins?\b": "precompressed file, or the other function's name",
    r"\bMOST_\w+": "MAX_",
    r"\bmerit\b": "objective",
    r"\ba metadata\b": "metadata",
    r"\bRAISR_ORIGINALS\b|--originals": "RAISR_REFERENCES, --references",
    r"\braisr_encoder\b": "raisr",
}

# Runs alone, so that nothing that the tests themselves import counts.
LIST_IMPORTS = """
import importlib, pkgutil, sys
before = set(sys.modules)
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""


def run_python(script: str, *arguments: object) -> str:
    """What a script prints in an interpreter of its own."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


text_of = cache(Path.read_text)


@cache
def nodes_of(source: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(text_of(source))))


def modules_named_in(source: Path) -> set[str]:
    """Top-level modules that a source file imports anywhere in it."""
    names = set()
    for node in nodes_of(source):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_the_decoder_needs_numpy_alone() -> None:
    imported = set(run_python(LIST_IMPORTS, "raisr_decoder").split())
    assert imported - sys.stdlib_module_names == {"raisr_decoder", "numpy"}


def test_the_encoder_does_not_know_the_web() -> None:
    assert "raisr_web" not in run_python(LIST_IMPORTS, "raisr").split()


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_source_imports_only_what_its_place_allows(source: Path) -> None:
    imports = modules_named_in(source)
    package, *rooms = source.relative_to(CHECKOUT).parts[1:]
    above = {"raisr_decoder": {"raisr", "raisr_web"}, "raisr": {"raisr_web"}}
    assert not imports & above.get(package, set())
    assert "tools" not in imports
    if not {"images", "codecs", "api.py"} & set(rooms):
        assert "PIL" not in imports
    if source.name != "jpeg.py":
        assert "pyvips" not in imports
    if source.name != "browser.py":
        assert not imports & {"js", "pyodide", "pyodide_js"}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_only_command_lines_print(source: Path) -> None:
    printing = {
        node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        for node in nodes_of(source)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    } & {"print", "echo", "secho"}
    assert not printing or "cli" in source.relative_to(CHECKOUT).with_suffix("").parts


def test_importing_takes_no_library() -> None:
    heavy = run_python("import sys, raisr; print(*sys.modules)").split()
    assert not {"numpy", "numba", "scipy", "PIL", "pyvips", "matplotlib", "skimage"} & set(heavy)


def test_decoding_takes_neither_training_nor_encoding() -> None:
    script = """
import sys, raisr
raisr.decode(sys.argv[1], engine="numpy")
print(*sys.modules)
"""
    payload = CHECKOUT / "tests" / "vectors" / "no-bank.avif"
    loaded = set(run_python(script, payload).split())
    assert not {"numba", "scipy", "pyvips", "matplotlib", "skimage", "joblib"} & loaded
    assert not {"raisr.training", "raisr.search", "raisr.evaluation", "raisr.codecs"} & loaded


def test_decoding_works_where_numba_is_not_installed() -> None:
    script = """
import sys
sys.modules["numba"] = None
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "numba" else found(name, *rest)
import raisr
print(raisr.decode(sys.argv[1]).shape)
"""
    payload = CHECKOUT / "tests" / "vectors" / "no-bank.avif"
    assert run_python(script, payload).startswith("(")


def test_help_takes_no_codec() -> None:
    script = """
import sys
from raisr.cli import main
try:
    main(["--help"])
finally:
    print("modules:", *sys.modules)
"""
    shown, _, loaded = run_python(script).partition("modules:")
    assert "decode" in shown
    assert not {"numba", "PIL", "pyvips", "scipy", "flask", "rich"} & set(loaded.split())


@pytest.mark.parametrize("word", WORDS)
def test_the_field_s_words_are_used(word: str) -> None:
    pattern = re.compile(word, re.IGNORECASE if word.islower() else 0)
    found = [
        f"{path.relative_to(CHECKOUT)}:{number}: {line.strip()}"
        for path in WRITTEN
        if pattern.search(text_of(path))
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if pattern.search(line)
    ]
    assert not found, f"write {WORDS[word]}"
