"""Try many hostile cases: `make fuzz`, or `PYTHONPATH=tests python -m fuzz --runs 100000`.

Atheris, where it is installed, keeps the cases that reach code which no other has reached, and
mutates them in turn; without it each case is a mutation of a seed. A finding is kept as a file.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from contextlib import nullcontext
from hashlib import sha256
from pathlib import Path
from random import Random

try:
    import atheris
except ImportError:
    atheris = None

# The decoder's branches are counted if they are instrumented as they are imported.
with atheris.instrument_imports(include=["raisr_decoder"]) if atheris else nullcontext():
    from fuzz.mutations import mutated
    from fuzz.seeds import seeds
    from fuzz.targets import Outcome, try_case

LONGEST = 1 << 18
"""Bytes of a case: room for the largest banks of the corpus, and for a file within a file."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000, help="cases to try")
    parser.add_argument("--seed", type=int, default=1, help="of all that is random")
    parser.add_argument(
        "--folder", type=Path, default=Path(".cache/fuzz"), help="for findings and new cases"
    )
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    tried = Campaign(options.runs, options.folder)
    if atheris is None:
        unguided(tried, options.seed)
    else:
        guided(tried, options.seed, options.folder)


class Campaign:
    """Tries cases, counts their outcomes, and reports them."""

    def __init__(self, runs: int, folder: Path) -> None:
        self.runs, self._folder = runs, folder
        self._outcomes: Counter[str] = Counter()
        self._slowest = 0.0
        self._begun = time.monotonic()

    @property
    def done(self) -> bool:
        return self._outcomes.total() >= self.runs

    def __call__(self, case: bytes) -> None:
        try:
            outcome = try_case(case)
        except BaseException:
            kept = self._folder / f"finding-{sha256(case).hexdigest()[:16]}"
            kept.write_bytes(case)
            print(f"{kept}: {len(case)} bytes", file=sys.stderr)
            raise
        self._count(outcome)

    def _count(self, outcome: Outcome) -> None:
        self._outcomes[outcome.name] += 1
        self._slowest = max(self._slowest, outcome.seconds)
        if self.done or self._outcomes.total() % 10_000 == 0:
            seconds = time.monotonic() - self._begun
            table = ", ".join(f"{name} {count:,}" for name, count in self._outcomes.most_common())
            print(
                f"{self._outcomes.total():,} cases in {seconds:.0f} s, the slowest took "
                f"{self._slowest:.2f} s: {table}",
                flush=True,
            )


def unguided(tried: Campaign, seed: int) -> None:
    rng, start = Random(seed), seeds()
    while not tried.done:
        tried(mutated(rng.choice(start), rng))


def guided(tried: Campaign, seed: int, folder: Path) -> None:
    """Libfuzzer's own loop, with our mutations and, for bytes without structure, its own."""
    found = folder / "corpus"
    found.mkdir(exist_ok=True)
    start = seeds()
    for case in start:
        (found / sha256(case).hexdigest()[:16]).write_bytes(case)

    def mutate(case: bytes, longest: int, number: int) -> bytes:
        def raw(data: bytes) -> bytes:
            return bytes(atheris.Mutate(data, len(data) + 64))

        rng = Random(number)
        # Most new cases of the corpus are refused early; mutations of them seldom reach deep code.
        case = rng.choice([case, rng.choice(start)])
        return mutated(case, rng, raw if rng.random() < 0.5 else None)[:longest]

    flags = {"runs": tried.runs, "seed": seed, "max_len": LONGEST, "timeout": 600}
    flags |= {"rss_limit_mb": 0, "len_control": 0, "verbosity": 0, "report_slow_units": 600}
    flags["artifact_prefix"] = f"{folder}/"
    arguments = [f"-{name}={value}" for name, value in flags.items()]
    atheris.Setup([sys.argv[0], *arguments, str(found)], tried, custom_mutator=mutate)
    atheris.Fuzz()


main()
