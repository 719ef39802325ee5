"""What a bank was made from, and what making it cost: the note beside each bank."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from raisr_encoder.examples import Settings
from raisr_encoder.train import SPARSE, Trained


@dataclass
class Cost:
    """Of training: seconds, and peak memory in megabytes of the largest process."""

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
    """The note, as JSON."""
    note = {
        "bank": trained.bank.id,
        "photographs": {
            "used": trained.photographs,
            "held_back": trained.held_back,
            "unreadable": len(trained.unreadable),
            "folders": sorted({source.name for source in sources}),
        },
        "luma_psnr": {name: round(level, 3) for name, level in trained.psnr.items()},
        "sparse_buckets": {"fewer_cells_than": SPARSE, "stages": list(trained.sparse)},
        "settings": asdict(settings) | {"scales": [str(scale) for scale in settings.scales]},
        "cost": asdict(cost),
        "versions": {name: version(name) for name in ("numpy", "pillow", "raisr-encoder")},
    }
    return json.dumps(note, indent=2) + "\n"
