import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from raisr_encoder.cli import main


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["serve", "absent"], "'absent' does not exist"),
        (["serve", "--port", "70000"], "not in the range"),
        (["runtime", "--wheels", "absent"], "'absent' does not exist"),
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
