"""The page's JavaScript, run by Node, chooses the banks that the command line chooses."""

import json
import subprocess
from fractions import Fraction
from pathlib import Path

from raisr.bank_store import BankStore
from raisr.upscaling import CLEAN, COMPRESSED, choose_bank
from raisr_decoder.shapes import scaled_shape
from raisr_web.banks import bank_index

STATIC = Path(__file__).parents[2] / "web/raisr_web/static"
SCALES = [Fraction(number, 16) for number in range(16, 129)]
# Scales to a whole number of pixels, so direct banks come into question.
EVEN = (160, 320)
# Does not at most scales: rows and columns are then scaled by slightly different factors.
ODD = (333, 221)

CHOOSE = """
import { readFileSync } from "node:fs";
const { index, module, cases } = JSON.parse(readFileSync(0, "utf-8"));
const { chooseBank } = await import(module);
const chosen = cases.map(({ isJpeg, base, output }) => chooseBank(index, isJpeg, base, output));
process.stdout.write(JSON.stringify(chosen));
"""


def size(shape: tuple[int, int]) -> dict[str, int]:
    rows, columns = shape
    return {"width": columns, "height": rows}


def test_pages_choose_the_banks_that_the_command_line_chooses() -> None:
    store = BankStore()
    cases, expected = [], []
    for compressed, (_, quality) in ((False, CLEAN), (True, COMPRESSED)):
        for base in (EVEN, ODD):
            for scale in SCALES:
                output = scaled_shape(base, scale)
                bank = choose_bank(base, output, compressed, store)
                expected.append({"bank": bank.id, "quality": quality})
                cases.append({"isJpeg": compressed, "base": size(base), "output": size(output)})
    module = (STATIC / "banks.js").as_uri()
    sent = json.dumps({"index": bank_index(store), "module": module, "cases": cases})
    command = ["node", "--input-type=module", "--eval", CHOOSE]
    chosen = subprocess.run(command, input=sent, capture_output=True, text=True, check=True)
    assert json.loads(chosen.stdout) == expected
