"""The provenance of banks: what each was trained on, and what its training cost."""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from raisr.training.settings import Settings
from raisr.training.train import SPARSE, Trained

SUMMARY = "cost.json"
"""File that says what all banks of a folder cost."""


@dataclass
class Cost:
    """Of a training: seconds, and peak memory in megabytes of the largest process."""

    seconds: float = 0.0
    peak_megabytes: float = 0.0


@contextmanager
def measured() -> Iterator[Cost]:
    """Measure what happens within."""
    cost, start = Cost(), time.perf_counter()
    yield cost
    cost.seconds = round(time.perf_counter() - start, 1)
    processes = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    peak_kilobytes = max(resource.getrusage(which).ru_maxrss for which in processes)
    cost.peak_megabytes = round(peak_kilobytes / 1024)


def describe(trained: Trained, settings: Settings, sources: Sequence[Path], cost: Cost) -> str:
    """The provenance of a bank, as JSON."""
    provenance = {
        "bank": trained.bank.id,
        "photographs": {
            "used": trained.photographs,
            "validation": trained.validation_photographs,
            "unreadable": len(trained.unreadable),
            "folders": sorted({source.name for source in sources}),
        },
        "luma_psnr": {
            name: {str(quality): round(level, 3) for quality, level in levels.items()}
            for name, levels in trained.psnr.items()
        },
        "sparse_buckets": {"fewer_cells_than": SPARSE, "stages": list(trained.sparse)},
        "settings": _facts(settings),
        "cost": asdict(cost),
        "versions": {name: version(name) for name in ("numpy", "pillow", "raisr")},
    }
    return json.dumps(provenance, indent=2) + "\n"


def holds(folder: Path, settings: Settings) -> bool:
    """Whether a folder holds a bank of these settings."""
    return any(each["settings"] == _facts(settings) for each in _provenances(folder))


def summary(folder: Path) -> str:
    """What all banks of a folder cost, as JSON."""
    provenances = _provenances(folder)
    costs = [each["cost"] for each in provenances]
    total = {
        "banks": len(provenances),
        "seconds": round(sum(cost["seconds"] for cost in costs)),
        "peak_megabytes": max(cost["peak_megabytes"] for cost in costs),
        "processors": os.cpu_count(),
    }
    return json.dumps(total, indent=2) + "\n"


def _facts(settings: Settings) -> dict[str, Any]:
    """Settings as they come back from JSON."""
    plain = asdict(settings) | {"scales": [str(scale) for scale in settings.scales]}
    facts: dict[str, Any] = json.loads(json.dumps(plain))
    return facts


def _provenances(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(bank.with_suffix(".json").read_text()) for bank in folder.glob("*.bank")]
