"""`python -m pulumi_d1.cli` is `d1`."""

from pulumi_d1.cli.main import main

main(prog_name="d1")
