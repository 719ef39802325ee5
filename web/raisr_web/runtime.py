"""The folder that a browser loads Python from: Pyodide, NumPy and raisr-decoder."""

from pathlib import Path

from raisr_web.compression import BROTLI

FOLDER = Path(__file__).with_name("runtime")
INDEX = "index.js"
"""Names the folder in it that holds the files; where it exists, the folder is complete."""


def download_size(folder: Path) -> int:
    """Bytes that a visitor downloads once."""
    return sum(path.stat().st_size for path in folder.rglob(f"*{BROTLI.suffix}"))
