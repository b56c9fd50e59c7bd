"""Who sits at a terminal is asked, and only what was asked for goes on."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
from pulumi_d1.cli.support.confirm import confirm
from pulumi_d1.errors import NotConfirmed
try:
    confirm("Restore shop-db-prod", yes=False, word={word!r})
except NotConfirmed as error:
    print(error)
else:
    print("goes on")
"""


@pytest.mark.parametrize(
    ("word", "answer", "said"),
    [
        ("", "y", "goes on"),
        ("", "n", "nothing was done"),
        ("", "", "nothing was done"),
        ("shop-db-prod", "shop-db-prod", "goes on"),
        ("shop-db-prod", "y", "nothing was done"),
        ("shop-db-prod", "", "nothing was done"),
    ],
)
def test_an_answer_at_a_terminal_decides(word: str, answer: str, said: str) -> None:
    ours, theirs = os.openpty()
    os.write(ours, f"{answer}\n".encode())
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(word=word)],
        stdin=theirs,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(ours)
    os.close(theirs)
    assert (done.stdout.strip().splitlines()[-1:], done.returncode) == ([said], 0), done.stderr
    assert "Restore shop-db-prod?" in done.stderr
    assert ("Type shop-db-prod to go on" in done.stderr) is bool(word)
