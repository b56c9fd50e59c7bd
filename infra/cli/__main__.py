"""`python -m infra.cli` is `d1`."""

from infra.cli.main import main

main(prog_name="d1")
