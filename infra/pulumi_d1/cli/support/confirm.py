"""Ask for confirmation before a database is changed."""

from __future__ import annotations

import sys

import click

from pulumi_d1.cli.support.exit_codes import ExitCode
from pulumi_d1.cli.support.output import say
from pulumi_d1.errors import NotConfirmed
from pulumi_d1.escaping import escape_lines


def confirm(question: str, *, yes: bool, word: str = "") -> None:
    """Return if the user confirms; otherwise end the command.

    Args:
        question: The action, without a question mark.
        yes: True if the user has confirmed on the command line.
        word: The word to type, if a slip of the finger must not confirm; empty for y.

    Raises:
        NotConfirmed: There is no terminal.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise NotConfirmed("nothing was changed: there is no terminal to ask for confirmation; use --yes")
    if word:
        answer = click.prompt(
            escape_lines(f"{question}? Type {word} to continue"), default="", show_default=False, err=True
        )
        confirmed = answer == word
    else:
        confirmed = click.confirm(escape_lines(f"{question}?"), err=True)
    if not confirmed:
        say("Cancelled.", err=True)
        raise click.exceptions.Exit(ExitCode.FAILED)
