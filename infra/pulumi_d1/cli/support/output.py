"""Print to a terminal or a log: the only door through which the commands print.

All text is escaped here. On a terminal, lines are also wrapped between words and coloured. A log and a pipe get each
line as it is, for search and for scripts.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Final, TextIO

import click

from pulumi_d1.escaping import escape_line, escape_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

_HANG: Final = 2
"""Further indentation of the lines that continue a line."""

_COMMAND: Final = r"(?:[A-Z_]+=\S+ )*(?:d1|pulumi|wrangler|npm|npx|git|make) "
_QUOTED_COMMAND: Final = re.compile(rf"'{_COMMAND}[^']*'")
_COMMAND_LINE: Final = re.compile(rf"\s*(?:\S.*\S {{2,}})?{_COMMAND}")
_JOINT: Final = "\ue000"
"""Takes the place of a space inside of a command, which would be pasted in pieces if it were wrapped."""

_SIGNS: Final = {"+ ": "green", "- ": "red", "~ ": "yellow"}
_HEADINGS: Final = {
    # first word of a line: (colour, symbol)
    "Error:": ("red", "✗"),
    "errors:": ("red", "✗"),
    "warning:": ("yellow", "⚠"),
    "warnings:": ("yellow", "⚠"),
}


def say(text: str = "", *, err: bool = False) -> None:
    """Print lines for people."""
    stream = sys.stderr if err else sys.stdout
    click.echo(layout(text, stream), file=stream)


def say_in_place(line: str) -> None:
    """Print a line in the place of the last one, on a terminal."""
    click.echo(f"\r\033[K{escape_line(line)}", nl=False, err=True)


def layout(text: str, stream: TextIO) -> str:
    """Return lines for people as a stream gets them: escaped, and on a terminal wrapped and coloured."""
    lines = escape_lines(text).split("\n")
    if stream.isatty():
        lines = [part for line in lines for part in _wrap(line)]
        if is_coloured(stream):
            lines = [_paint(line, stream.encoding) for line in lines]
    return "\n".join(lines)


def ask(question: str, choices: Sequence[str] = (), *, default: str | None = None) -> str:
    """Return the user's answer, which is one of the choices if there are any."""
    listed = f" ({', '.join(map(escape_line, choices))})" if choices else ""
    kind = click.Choice(choices) if choices else None
    return str(click.prompt(escape_lines(question) + listed, type=kind, show_choices=False, default=default, err=True))


def print_data(text: str) -> None:
    """Print JSON or Markdown: escaped, but neither wrapped nor coloured."""
    click.echo(escape_lines(text), nl=not text.endswith("\n"))


def print_annotations(text: str) -> None:
    """Print commands for GitHub Actions, in which all text is escaped already."""
    click.echo(text)


def is_coloured(stream: TextIO) -> bool:
    """Return whether to colour the output: on a terminal that can, unless the user has set NO_COLOR."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def terminal_width() -> int:
    """Return the columns of the terminal, or those of COLUMNS."""
    return shutil.get_terminal_size().columns


def _wrap(line: str) -> list[str]:
    """Return the line in parts that fit the terminal. No word and no command is broken."""
    if len(line) <= terminal_width() or _COMMAND_LINE.match(line):
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + _HANG)
    joined = _QUOTED_COMMAND.sub(lambda match: match[0].replace(" ", _JOINT), line)
    parts = textwrap.wrap(
        joined, terminal_width(), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return [part.replace(_JOINT, " ") for part in parts]


def _paint(line: str, encoding: str) -> str:
    text = line.lstrip()
    if colour := _SIGNS.get(text[:2]):
        return click.style(line, fg=colour)
    word = text.split(" ", 1)[0]
    if word not in _HEADINGS:
        return line
    colour, symbol = _HEADINGS[word]
    shown = f"{symbol} {word}" if encoding.lower().startswith("utf") else word
    return line.replace(word, click.style(shown, fg=colour, bold=True), 1)
