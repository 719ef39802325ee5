"""Progress where there is no terminal."""

from __future__ import annotations

import pytest

from raisr.cli import output


def test_long_work_off_a_terminal_prints_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(0, 1000, 11))
    monkeypatch.setattr(output.time, "monotonic", lambda: float(next(clock)))
    with output.progress_bar() as report:
        for done in range(10):
            report("encoding", done, 10, "1 MB saved")
    lines = capsys.readouterr().err.splitlines()
    assert 1 < len(lines) < 6
    assert all(
        line.startswith("encoding: ") and line.endswith(" of 10 1 MB saved") for line in lines
    )
