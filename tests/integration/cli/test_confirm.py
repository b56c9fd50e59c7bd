"""A terminal is asked for confirmation; any answer but the expected one cancels."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
from pulumi_d1.cli.support.confirm import confirm
import click
@click.command()
def command():
    confirm("Restore shop-db-prod", yes=False, word={word!r})
    print("confirmed")
command()
"""


@pytest.mark.parametrize(
    ("word", "answer", "confirmed"),
    [
        ("", "y", True),
        ("", "n", False),
        ("", "", False),
        ("shop-db-prod", "shop-db-prod", True),
        ("shop-db-prod", "y", False),
        ("shop-db-prod", "", False),
    ],
)
def test_an_answer_at_a_terminal_decides(word: str, answer: str, confirmed: bool) -> None:  # noqa: FBT001
    ours, theirs = os.openpty()
    os.write(ours, f"{answer}\n".encode())
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(word=word)],
        stdin=theirs,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(ours)
    os.close(theirs)
    assert (process.stdout, process.returncode) == (("confirmed\n", 0) if confirmed else ("", 1)), process.stderr
    assert process.stderr.startswith("Restore shop-db-prod?")
    assert ("Type shop-db-prod to continue" in process.stderr) is bool(word)
    assert process.stderr.endswith("Cancelled.\n") is not confirmed
    assert "Error" not in process.stderr
