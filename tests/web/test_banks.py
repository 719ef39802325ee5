from fractions import Fraction

from raisr.bank_store import BankStore
from raisr.upscaling import CLEAN, COMPRESSED
from raisr_web.banks import bank_index


def test_pages_choose_the_banks_that_the_command_line_chooses() -> None:
    store = BankStore()
    index = bank_index(store)
    for kind, purpose in {"clean": CLEAN, "compressed": COMPRESSED}.items():
        for number in range(16, 129):
            scale = Fraction(number, 16)
            expected = store.choose_any(purpose[0], scale, purpose[1]).id
            resizing = next(run for run in index[kind]["resizing"] if scale <= run["upTo"])
            chosen = index[kind]["direct"].get(f"{float(scale):g}", resizing["bank"])
            assert chosen == expected, f"{kind} at {scale}"
