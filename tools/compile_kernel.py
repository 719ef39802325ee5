"""Compile the Numba functions of `raisr.kernels` to WebAssembly, for decoders in browsers.

Numba translates the functions to LLVM's intermediate code. Before LLVM optimises that for this
machine's processor, it is taken out, compiled for WebAssembly with 128-bit SIMD, and linked to a
shared library of the kind that Pyodide loads.

    NUMBA_OPT=0 python -m tools.compile_kernel FOLDER

writes ``kernel.wasm`` and ``kernel.json`` to a folder; `make kernel` does so for the decoder.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numba
from numba import types
from numba.np.numpy_support import carray

from raisr.fingerprint import fingerprint
from raisr.kernels import color, filtering, jit, simd
from raisr_decoder.cells import CELL, MARGIN
from raisr_decoder.compiled import LIBRARY, SCRATCH_LINES
from raisr_decoder.resize import TAPS
from tools.errors import LinkerMissing

TRIPLE = "wasm32-unknown-emscripten"
FEATURES = "+simd128,+bulk-memory,+nontrapping-fptoint,+sign-ext,+mutable-globals"
LINKERS = ("wasm-ld-19", "wasm-ld")

BYTES = types.CPointer(types.uint8)  # type: ignore[no-untyped-call]
SHORTS = types.CPointer(types.int16)  # type: ignore[no-untyped-call]
INTEGERS = types.CPointer(types.int32)  # type: ignore[no-untyped-call]
COUNT = types.int32

TWO, THREE, FOUR, FIVE, SIX, EIGHT = ((0,) * block for block in (2, 3, 4, 5, 6, 8))


def make(folder: Path) -> None:
    """Write the library and its provenance to a folder.

    Parameters
    ----------
    folder : Path
        Exists.

    Raises
    ------
    LinkerMissing
    """
    linker = find_linker()
    module = llvm.parse_assembly("")
    for function, arguments in EXPORTS.items():
        module.link_in(llvm.parse_assembly(portable_code(function, arguments)))
    library = folder / LIBRARY.name
    library.write_bytes(link(optimised(module), linker))
    library.with_suffix(".json").write_text(json.dumps(provenance(linker), indent=1) + "\n")


def find_linker() -> str:
    """The name of LLVM's linker for WebAssembly.

    Raises
    ------
    LinkerMissing
    """
    for name in LINKERS:
        if shutil.which(name):
            return name
    raise LinkerMissing(LINKERS)


def provenance(linker: str) -> dict[str, str]:
    """From which sources and by which tools the library is made."""
    banner = subprocess.run([linker, "--version"], capture_output=True, text=True, check=True)
    return {
        "fingerprint": sources_fingerprint(),
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
        "llvm": ".".join(map(str, llvm.llvm_version_info)),
        "lld": banner.stdout.strip(),
    }


def sources_fingerprint() -> str:
    """Fingerprint of the kernels, of this file, and of the constants that these import."""
    return fingerprint(jit.revision(), Path(__file__).read_bytes(), str(TAPS))


# --- exported functions -----------------------------------------------------------------------
# C has no arrays with shapes, so each function takes addresses, and the sizes that it needs.


def filter_cells(
    padded: Any,
    pixels: Any,
    rows: Any,
    columns: Any,
    feature: Any,
    threshold: Any,
    nodes: Any,
    filters: Any,
    scratch: Any,
    result: Any,
    block: Any,
) -> None:
    shape = CELL * (rows + MARGIN), CELL * (columns + MARGIN)
    hashed = carray(padded, shape)
    filtered = carray(pixels, shape)
    features, thresholds = carray(feature, (nodes,)), carray(threshold, (nodes,))
    weights = carray(filters, (1,))
    lines = carray(scratch, (SCRATCH_LINES, shape[1]))
    output = carray(result, (rows * block, columns * block))
    arguments = hashed, filtered, features, thresholds, weights, lines, output
    if block == 2:
        filtering.filter_rows(*arguments, TWO)
    elif block == 3:
        filtering.filter_rows(*arguments, THREE)
    elif block == 4:
        filtering.filter_rows(*arguments, FOUR)
    elif block == 5:
        filtering.filter_rows(*arguments, FIVE)
    elif block == 6:
        filtering.filter_rows(*arguments, SIX)
    else:
        filtering.filter_rows(*arguments, EIGHT)


def resize_rows(
    plane: Any, lines: Any, size: Any, positions: Any, weights: Any, count: Any, result: Any
) -> None:
    taps = carray(positions, (count, TAPS)), carray(weights, (count, TAPS))
    color.resize_rows(carray(plane, (lines, size)), *taps, carray(result, (count, size)))


def compose_rows(luma: Any, differences: Any, rows: Any, columns: Any, rgb: Any) -> None:
    color.compose_rows(
        carray(luma, (rows, columns)),
        carray(differences, (rows, 3, columns)),
        carray(rgb, (rows, 3 * columns)),
    )


EXPORTS: dict[Callable[..., None], tuple[Any, ...]] = {
    filter_cells: (
        BYTES, SHORTS, COUNT, COUNT, INTEGERS, INTEGERS, COUNT, SHORTS, INTEGERS, SHORTS, COUNT,
    ),
    resize_rows: (SHORTS, COUNT, COUNT, INTEGERS, INTEGERS, COUNT, SHORTS),
    compose_rows: (SHORTS, SHORTS, COUNT, COUNT, BYTES),
}  # fmt: skip


# --- LLVM code for any machine ----------------------------------------------------------------


def portable_code(function: Callable[..., None], arguments: tuple[Any, ...]) -> str:
    """LLVM code of a function and of all that it calls, for any processor."""
    alone: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    with warnings.catch_warnings():
        # Numba warns of what it cannot cache; none of this needs to be.
        warnings.simplefilter("ignore", numba.NumbaWarning)
        dispatcher = numba.njit(types.void(*arguments), error_model="numpy", **alone)(function)
    (code,) = dispatcher.inspect_llvm().values()
    code = re.sub(r"^target .*\n", "", code, flags=re.MULTILINE)
    code = code.replace(" = common global ", " = internal global ")
    code = code.replace("define linkonce_odr ", "define internal ")
    for lanes in {int(lanes) for lanes in re.findall(rf"@{simd.DOT}(\d+)\(", code)}:
        generic = rf"^define internal <{lanes} x i32> @{simd.DOT}{lanes}\(.*?^}}\n"
        code = re.sub(generic, _dot(lanes), code, flags=re.MULTILINE | re.DOTALL)
    own = rf"^define i32 @(\S*{function.__name__}\S*)\(ptr"
    (name,) = re.findall(own, code, flags=re.MULTILINE)
    code = code.replace(f"define i32 @{name}(", f"define internal i32 @{name}(")
    return code + _entry(function.__name__, name, arguments)


def _entry(name: str, inner: str, arguments: tuple[Any, ...]) -> str:
    """A function with C's calling convention; Numba's own returns a status and two more values."""
    kinds = ["i32" if kind == COUNT else "ptr" for kind in arguments]
    parameters = ", ".join(f"{kind} %a{number}" for number, kind in enumerate(kinds))
    return f"""
declare <4 x i32> @llvm.wasm.dot(<8 x i16>, <8 x i16>)

define void @{name}({parameters}) {{
  %value = alloca ptr
  %failure = alloca ptr
  %status = call i32 @{inner}(ptr %value, ptr %failure, {parameters})
  ret void
}}
"""


def _dot(lanes: int) -> str:
    """The function `simd.DOT` by WebAssembly's own instruction."""
    return "\n".join(_dot_lines(lanes)) + "\n"


def _dot_lines(lanes: int) -> Iterator[str]:
    pairs = f"<{2 * lanes} x i16>"
    yield f"define internal <{lanes} x i32> @{simd.DOT}{lanes}({pairs} %a, {pairs} %b) {{"
    whole = f"<{lanes} x i32> poison"
    for first in range(0, lanes, 4):
        part = _mask(range(2 * first, 2 * first + 8))
        for name in "ab":
            yield f"%{name}{first} = shufflevector {pairs} %{name}, {pairs} poison, {part}"
        operands = f"<8 x i16> %a{first}, <8 x i16> %b{first}"
        yield f"%dot{first} = call <4 x i32> @llvm.wasm.dot({operands})"
        widened = _mask([*range(4), *[0] * (lanes - 4)])
        yield f"%wide{first} = shufflevector <4 x i32> %dot{first}, <4 x i32> poison, {widened}"
        joined = _mask([*range(first), *range(lanes, lanes + 4), *range(first + 4, lanes)])
        yield f"%whole{first} = shufflevector {whole}, <{lanes} x i32> %wide{first}, {joined}"
        whole = f"<{lanes} x i32> %whole{first}"
    yield f"ret {whole}"
    yield "}"


def _mask(lanes: Any) -> str:
    numbers = [f"i32 {lane}" for lane in lanes]
    return f"<{len(numbers)} x i32> <{', '.join(numbers)}>"


# --- machine code -----------------------------------------------------------------------------


def optimised(module: llvm.ModuleRef) -> bytes:
    """Optimise a module; an object file for WebAssembly."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = llvm.Target.from_triple(TRIPLE)
    machine = target.create_target_machine(features=FEATURES, opt=3, reloc="pic")
    module.triple, module.data_layout = TRIPLE, str(machine.target_data)
    tuning = llvm.create_pipeline_tuning_options(speed_level=3)
    passes = llvm.create_pass_builder(machine, tuning)
    # Twice, as the second run simplifies what the first one inlined.
    for _ in range(2):
        passes.getModulePassManager().run(module, passes)
    content: bytes = machine.emit_object(module)
    return content


def link(content: bytes, linker: str) -> bytes:
    """Link an object file to a library that Pyodide loads."""
    with tempfile.TemporaryDirectory() as scratch:
        source, target = Path(scratch, "kernel.o"), Path(scratch, "kernel.wasm")
        source.write_bytes(content)
        kind = ["--experimental-pic", "-shared", "--no-entry", "--strip-all"]
        exports = [f"--export={function.__name__}" for function in EXPORTS]
        subprocess.run([linker, *kind, *exports, source, "-o", target], check=True)
        return target.read_bytes()


if __name__ == "__main__":
    make(Path(sys.argv[1]))
