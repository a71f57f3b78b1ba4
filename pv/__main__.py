"""`python -m pv` is the `pv` command."""

from pv.cli.main import run

run()
