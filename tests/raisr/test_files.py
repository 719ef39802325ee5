from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from raisr.errors import InputUnreadable, NoPhotographs, OutputUnwritable
from raisr.files import check_writable, find_photographs, read_file, write_whole


def test_folders_are_searched_in_order(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.png", "notes.txt", "deep/c.webp"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = [path.relative_to(tmp_path).as_posix() for path in find_photographs([tmp_path])]
    assert found == ["a.png", "b.JPG", "deep/c.webp"]


def test_a_folder_without_photographs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NoPhotographs, match=tmp_path.name):
        find_photographs([tmp_path])


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputUnreadable):
        read_file(tmp_path / "none.jpg")


def test_files_are_written_whole_and_readable_by_others(tmp_path: Path) -> None:
    target = tmp_path / "new" / "file"
    write_whole(target, b"first")
    write_whole(target, b"second")
    assert target.read_bytes() == b"second"
    assert [path.name for path in target.parent.iterdir()] == ["file"]
    mask = os.umask(0)
    os.umask(mask)
    assert target.stat().st_mode & 0o777 == 0o666 & ~mask


def write(target: Path) -> None:
    write_whole(target, b"data")


@pytest.mark.parametrize("attempt", [write, check_writable])
def test_an_unwritable_place_is_an_error_and_leaves_nothing(
    tmp_path: Path, attempt: Callable[[Path], None]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputUnwritable):
        attempt(tmp_path / "file" / "below")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputUnwritable):
        attempt(tmp_path / "folder")
    with pytest.raises(OutputUnwritable):
        attempt(Path("/proc/version/below"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_finding_out_whether_a_file_can_be_written_changes_nothing(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"before")
    check_writable(target)
    assert target.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [target]
