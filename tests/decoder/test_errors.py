from __future__ import annotations

import pickle

import pytest

from raisr_decoder import errors


@pytest.mark.parametrize(
    "error",
    [
        errors.ContainerUnknown(b"GIF89a"),
        errors.ContainerDamaged("PNG", 17, "a chunk breaks off"),
        errors.MetadataMissing("JPEG"),
        errors.BankUnknown("00" * 16),
        errors.LimitExceeded("stages of the bank", 9, 8),
    ],
)
def test_errors_keep_their_data_between_processes(error: errors.RaisrError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
