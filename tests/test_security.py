"""SECURITY.md names limits that exist."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent
PACKAGES = {
    "raisr_decoder": CHECKOUT / "wasm_decoder",
    "raisr": CHECKOUT / "encoder",
    "raisr_web": CHECKOUT / "web",
}


def test_every_limit_is_where_the_document_says() -> None:
    text = (CHECKOUT / "SECURITY.md").read_text()
    table = text[text.index("## Limits") : text.index("## What was tried")]
    places = re.findall(r"\| ([^|]+) \|$", table, re.MULTILINE)
    named = [re.findall(r"`([\w.]+)`", place) for place in places]
    assert sum(map(len, named)) > 10
    for names in filter(None, named):
        module = module_called(names[0].partition(".")[0])
        for name in names:
            found: object = module
            for part in name.removeprefix(f"{names[0].partition('.')[0]}.").split("."):
                assert hasattr(found, part), name
                found = getattr(found, part)


def module_called(name: str) -> object:
    (path,) = (
        path.relative_to(folder)
        for package, folder in PACKAGES.items()
        for path in (folder / package).rglob(f"{name}.py")
    )
    return importlib.import_module(".".join(path.with_suffix("").parts))
