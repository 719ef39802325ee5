"""The folder that a browser loads Python from: Pyodide, NumPy and raisr-decoder."""

from pathlib import Path

FOLDER = Path(__file__).with_name("runtime")
INDEX = "index.js"
"""Tells the name of the folder in it that holds the files; where it is, the folder is complete."""


def download_size(folder: Path) -> int:
    """Bytes that a visitor downloads once."""
    return sum(path.stat().st_size for path in folder.rglob("*.br"))
