"""Dependencies are pinned, builds are reproducible, and bills of materials name every package."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parent.parent
LOCK = CHECKOUT / "requirements.lock"


def pins() -> dict[str, str]:
    """Versions by name."""
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ]+)", LOCK.read_text(), re.MULTILINE))


def test_every_package_is_pinned_with_hashes() -> None:
    requirements = re.split(r"\n(?=\S)", LOCK.read_text().strip())
    pinned = [each for each in requirements if not each.startswith("#")]
    assert len(pinned) == len(pins()) > 50
    assert all("--hash=sha256:" in each for each in pinned)


def test_every_npm_package_is_pinned_with_a_hash() -> None:
    packages = json.loads((CHECKOUT / "package-lock.json").read_text())["packages"]
    assert all("integrity" in package for name, package in packages.items() if name)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the sources that wheels are built of, with a small file as the runtime."""
    copy = tmp_path / "checkout"
    without = shutil.ignore_patterns("runtime", "build", "*.egg-info", "__pycache__")
    for name in (".ci", "wasm_decoder", "encoder", "web"):
        shutil.copytree(CHECKOUT / name, copy / name, ignore=without)
    runtime = copy / "web" / "raisr_web" / "runtime"
    runtime.mkdir()
    (runtime / "index.js").write_text("export const FOLDER = 0;\n")
    return copy


def test_equal_sources_give_equal_wheels(checkout: Path, tmp_path: Path) -> None:
    def build(name: str) -> dict[str, bytes]:
        command = [checkout / ".ci" / "wheels", sys.executable, tmp_path / name]
        subprocess.run(command, check=True, capture_output=True)
        return {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}

    first = build("first")
    assert sorted(name.partition("-")[0] for name in first) == [
        "raisr",
        "raisr_decoder",
        "raisr_web",
    ]
    # Other dates and permissions, and a module left over from an earlier build.
    stale = checkout / "encoder" / "build" / "lib" / "raisr" / "gone.py"
    stale.parent.mkdir(parents=True)
    stale.write_text("")
    for path in (checkout / "wasm_decoder").rglob("*.py"):
        path.chmod(0o600)
        os.utime(path, (1e9, 1e9))
    assert build("second") == first


def test_a_wheel_without_the_runtime_is_not_built(checkout: Path, tmp_path: Path) -> None:
    (checkout / "web" / "raisr_web" / "runtime" / "index.js").unlink()
    command = [checkout / ".ci" / "wheels", sys.executable, tmp_path / "made"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "make setup" in done.stdout
    assert not (tmp_path / "made").exists()


def test_the_bill_of_materials_names_every_package(tmp_path: Path) -> None:
    bill = tmp_path / "python.cdx.json"
    program = Path(sys.executable).with_name("cyclonedx-py")
    options = ["--output-reproducible", "--output-file", bill]
    subprocess.run([program, "requirements", *options, LOCK], check=True, capture_output=True)
    listed = json.loads(bill.read_text())["components"]
    assert {each["name"]: each["version"] for each in listed} == pins()


def test_the_bill_of_materials_names_every_npm_package() -> None:
    command = ["npm", "sbom", "--package-lock-only", "--sbom-format", "cyclonedx"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    listed = {each["bom-ref"] for each in json.loads(done.stdout)["components"]}
    packages = json.loads((CHECKOUT / "package-lock.json").read_text())["packages"]
    pinned = {
        f"{name.rpartition('node_modules/')[2]}@{package['version']}"
        for name, package in packages.items()
        if name
    }
    assert listed == pinned


def test_where_no_service_answers_the_audit_says_so_and_succeeds(tmp_path: Path) -> None:
    unreachable = {f"{kind}_proxy": "http://127.0.0.1:9" for kind in ("http", "https")}
    environment = {**os.environ, **unreachable, "npm_config_cache": str(tmp_path / "npm")}
    environment |= {"npm_config_fetch_retries": "0", "HOME": str(tmp_path)}
    shutil.copytree(CHECKOUT / ".ci", tmp_path / ".ci")
    for name in ("requirements.lock", "package.json", "package-lock.json"):
        shutil.copy(CHECKOUT / name, tmp_path)
    command = [sys.executable, tmp_path / ".ci" / "audit.py"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("were not checked") == 2
