"""`python -m raisr` is `raisr`."""

from raisr.cli import main

main(prog_name="raisr")
