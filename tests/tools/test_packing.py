"""The bytecode that pages load, in this Python: it is the same since 3.11."""

import marshal
import traceback

from tools.packing import pack

HEADER_BYTES = 16
SOURCE = """
def deep(count):
    'Fails, some calls further down.'
    if count:
        return [deep(count - 1) for _ in range(1)]
    raise ValueError("deep down")
"""


def test_errors_of_code_without_lines_can_be_shown() -> None:
    names: dict[str, object] = {}
    exec(marshal.loads(pack.bytecode(SOURCE, "deep.py")[HEADER_BYTES:]), names)  # noqa: S102, S302
    try:
        names["deep"](20)  # type: ignore[operator]
    except ValueError as error:
        shown = "".join(traceback.format_exception(error))
    assert shown.endswith("ValueError: deep down\n")
    assert shown.count("deep.py") >= 20


def test_code_without_lines_has_none() -> None:
    code = marshal.loads(pack.bytecode(SOURCE, "deep.py")[HEADER_BYTES:])  # noqa: S302
    positions = [*code.co_positions(), *code.co_consts[0].co_positions()]
    assert {line for line, *_ in positions} == {None}


def test_docstrings_are_left_out() -> None:
    assert b"some calls further" not in pack.bytecode(SOURCE, "deep.py")
