import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from raisr.cli import main


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["serve", "absent"], "'absent' does not exist"),
        (["serve", "--port", "70000"], "not in the range"),
        (["serve", "--references", "absent"], "'absent' does not exist"),
        (["export", "absent", "-o", "site"], "'absent' does not exist"),
    ],
)
def test_wrong_arguments_are_refused_in_words(arguments: list[str], complaint: str) -> None:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2
    assert complaint in done.output


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = CliRunner().invoke(main, ["serve", str(tmp_path), "--port", port])
    assert done.exit_code == 1
    assert f"port {port} cannot be used" in done.output
    assert "--port" in done.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_gets_a_signal_stops_without_an_error(tmp_path: Path, number: int) -> None:
    raisr = Path(sys.executable).with_name("raisr")
    command = [raisr, "serve", tmp_path, "--port", "0", "--cache", tmp_path / "cache"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "http://127.0.0.1:" in process.stdout.readline()
        process.send_signal(number)
    assert process.returncode == 0
