from __future__ import annotations

from pathlib import Path

from commands import raisr
from raisr.images.reading import read_photo


def test_the_output_image_is_written(payload: Path, tmp_path: Path) -> None:
    pictures = []
    for engine in ("numba", "numpy"):
        target = tmp_path / f"{engine}.png"
        result = raisr("decode", payload, "-o", target, "--engine", engine)
        assert result.exit_code == 0, result.output
        assert "1500 x 1000" in result.output
        pictures.append(read_photo(target))
    assert pictures[0].shape == (1000, 1500, 3)
    assert (pictures[0] == pictures[1]).all()
