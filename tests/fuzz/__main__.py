"""Try many hostile cases: `make fuzz`, or `PYTHONPATH=tests python -m fuzz --runs 100000`.

Atheris, where it is installed, keeps the cases that reach code which no other has reached, and goes
on from them; without it each case is a mutation of a seed. A finding is kept as a file.
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
"""Bytes of a case: room for the greatest banks of the corpus, and for a file in itself."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000, help="cases to try")
    parser.add_argument("--seed", type=int, default=1, help="of all that is random")
    parser.add_argument(
        "--checkpoints", type=Path, default=Path(".cache/fuzz"), help="for new cases"
    )
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    tried = Campaign(options.runs, options.work)
    if atheris is None:
        unguided(tried, options.seed)
    else:
        guided(tried, options.seed, options.work)


class Campaign:
    """Tries cases, counts what becomes of them, and tells."""

    def __init__(self, runs: int, work: Path) -> None:
        self.runs, self._work = runs, work
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
            kept = self._work / f"finding-{sha256(case).hexdigest()[:16]}"
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


def guided(tried: Campaign, seed: int, work: Path) -> None:
    """Libfuzzer's own loop, with our mutations and, for bytes without structure, its own."""
    found = work / "corpus"
    found.mkdir(exist_ok=True)
    start = seeds()
    for case in start:
        (found / sha256(case).hexdigest()[:16]).write_bytes(case)

    def mutate(case: bytes, longest: int, number: int) -> bytes:
        def raw(data: bytes) -> bytes:
            return bytes(atheris.Mutate(data, len(data) + 64))

        rng = Random(number)
        # What the corpus gains is mostly broken early; from there, deep code is seldom reached.
        case = rng.choice([case, rng.choice(start)])
        return mutated(case, rng, raw if rng.random() < 0.5 else None)[:longest]

    flags = {"runs": tried.runs, "seed": seed, "max_len": LONGEST, "timeout": 600}
    flags |= {"rss_limit_mb": 0, "len_control": 0, "verbosity": 0, "report_slow_units": 600}
    flags["artifact_prefix"] = f"{work}/"
    arguments = [f"-{name}={value}" for name, value in flags.items()]
    atheris.Setup([sys.argv[0], *arguments, str(found)], tried, custom_mutator=mutate)
    atheris.Fuzz()


main()
