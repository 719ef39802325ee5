"""Are there known vulnerabilities in what is pinned? Asks PyPI and npm; fails only if there are.

Where no answer comes, for lack of a network say, it says so and succeeds.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[1]
PATIENCE = 120
PIP = ["-m", "pip_audit", "--requirement", "requirements.lock", "--require-hashes", "--disable-pip",
       "--progress-spinner", "off", "--cache-dir", ".cache/pip-audit", "--timeout", "10",
       "--format", "json"]  # fmt: skip
NPM = ["npm", "audit", "--package-lock-only", "--json"]


class Unchecked(Exception):
    """The service gave no answer, or not this one."""


def main() -> None:
    found = []
    for what, command, read in (
        ("Python packages", [sys.executable, *PIP], in_python),
        ("npm packages", NPM, in_npm),
    ):
        try:
            found += read(report_of(command))
        except Unchecked as error:
            print(f"{what} were not checked for known vulnerabilities: {error}")
    for each in found:
        print(f"known vulnerability: {each}", file=sys.stderr)
    sys.exit(bool(found))


def report_of(command: list[str]) -> dict[str, Any]:
    try:
        done = subprocess.run(
            command, cwd=CHECKOUT, capture_output=True, text=True, timeout=PATIENCE
        )
        report: dict[str, Any] = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise Unchecked("the service does not answer") from error
    return report


def in_python(report: dict[str, Any]) -> list[str]:
    packages = report["dependencies"]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if len(unknown) == len(packages):
        raise Unchecked("the service knows none of them")
    if unknown:
        print(f"not checked for known vulnerabilities: {', '.join(unknown)}")
    return [
        f"{package['name']} {package['version']}, {each['id']}; mended in "
        f"{', '.join(each['fix_versions']) or 'no version'}"
        for package in packages
        for each in package.get("vulns", ())
    ]


def in_npm(report: dict[str, Any]) -> list[str]:
    if "vulnerabilities" not in report:
        raise Unchecked(report.get("message", "the service does not answer"))
    return [
        f"{name} {each['range']}, {each['severity']}"
        for name, each in report["vulnerabilities"].items()
    ]


if __name__ == "__main__":
    main()
