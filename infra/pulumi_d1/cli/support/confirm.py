"""Asks before a database is changed."""

from __future__ import annotations

import sys

import click

from pulumi_d1.errors import NotConfirmed


def confirm(question: str, *, yes: bool, word: str = "") -> None:
    """Returns when the user wants it.

    Args:
        question: what is about to be done, without a question mark.
        yes: whether the user said so beforehand.
        word: what to type in full, where a slip of a finger must not do; empty for y.

    Raises:
        NotConfirmed: the user does not want it, or there is nobody to ask.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise NotConfirmed("nothing was done: there is no terminal to ask at; give --yes to go on without asking")
    if word:
        agreed = click.prompt(f"{question}? Type {word} to go on", default="", show_default=False, err=True) == word
    else:
        agreed = click.confirm(f"{question}?", err=True)
    if not agreed:
        raise NotConfirmed("nothing was done")
