"""Print to a terminal or a log: the only door through which the commands print. All text is escaped here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pulumi_d1.escaping import escape_line, escape_lines

if TYPE_CHECKING:
    from collections.abc import Sequence


def say(text: str = "", *, err: bool = False) -> None:
    """Print lines for people."""
    click.echo(escape_lines(text), err=err)


def ask(question: str, choices: Sequence[str] = (), *, default: str | None = None) -> str:
    """Return the user's answer, which is one of the choices if there are any."""
    listed = f" ({', '.join(map(escape_line, choices))})" if choices else ""
    kind = click.Choice(choices) if choices else None
    return str(click.prompt(escape_lines(question) + listed, type=kind, show_choices=False, default=default, err=True))


def print_data(text: str) -> None:
    """Print JSON or Markdown: escaped, and not made for people."""
    click.echo(escape_lines(text), nl=not text.endswith("\n"))
