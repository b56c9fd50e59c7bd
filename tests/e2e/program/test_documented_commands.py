"""Every command in the documentation is one that d1, pulumi or wrangler accepts."""

from __future__ import annotations

import re
import shlex
import subprocess
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

import click
import pytest

from pulumi_d1.cli.main import main
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.wrangler import Wrangler

DOCUMENTS = (
    *sorted(set(ROOT.glob("*.md")) - {ROOT / "CHANGELOG.md"}),  # it also names commands that are gone
    ROOT / "infra" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLACEHOLDER = re.compile(r"[A-Z]+|.*…")


def lines(text: str) -> Iterator[str]:
    """Yield the command lines of console blocks, and the spans of code."""
    for language, block in BLOCK.findall(text):
        if language == "console":
            yield from (line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ "))
    yield from re.findall(r"`([^`\n]+)`", BLOCK.sub("", text))


def documented(program: str) -> list[list[str]]:
    """Return the arguments of each call of a program in any document. Of a measurement's name, the command counts."""
    calls = set()
    for document in DOCUMENTS:
        for line in lines(document.read_text()):
            for part in re.split(r" && | \|\| | \| | -- (?=[a-z0-9]+ )|  +|, in a loop", line):
                name, _, rest = part.strip().removeprefix(".venv/bin/").partition(" ")
                if name == program and rest:
                    calls.add(rest)
    return [shlex.split(rest, comments=True) for rest in sorted(calls)]


def flags(words: list[str]) -> list[str]:
    return [word.partition("=")[0] for word in words if word.startswith("--") and word != "--"]


@pytest.mark.parametrize("words", documented("d1"), ids=" ".join)
def test_d1_accepts_it(words: list[str]) -> None:
    if words[0] == "--namespace":
        words = words[2:]
    if PLACEHOLDER.fullmatch(words[0]):
        return
    command: click.Command = main
    context = click.Context(main, info_name="d1", **main.context_settings)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name, *words = words
        subcommand = command.get_command(context, name)
        assert subcommand is not None, f"there is no command {name}"
        command = subcommand
    if words and "--help" not in words and command.name != "local":
        with suppress(click.MissingParameter):  # a span about one option; unknown options are refused before this
            command.make_context(command.name, words, parent=context)


@cache
def pulumi_help(path: tuple[str, ...], environment: tuple[tuple[str, str], ...]) -> str:
    command = ["pulumi", *path, "--help"]
    return subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("words", documented("pulumi"), ids=" ".join)
def test_pulumi_accepts_it(words: list[str], engine_environment: dict[str, str]) -> None:
    named = words[: next((at for at, word in enumerate(words) if word.startswith("-")), len(words))]
    environment = tuple({**engine_environment, "HOME": "/nonexistent"}.items())
    path: tuple[str, ...] = ()
    shown = pulumi_help(path, environment)
    while named and (further := pulumi_help((*path, named[0]), environment)) != shown:
        path, named, shown = (*path, named[0]), named[1:], further
    assert path, f"there is no command {words[0]}"
    assert not named or "Available Commands:" not in shown, f"{' '.join(path)} has no command {named[0]}"
    assert [flag for flag in flags(words) if not re.search(rf"{flag}\b", shown)] == []


HELP: dict[tuple[str, ...], str] = {}


@pytest.mark.parametrize("words", documented("wrangler"), ids=" ".join)
def test_wrangler_accepts_it(words: list[str], wrangler: Wrangler) -> None:
    if words[0].startswith("-"):
        words = ["d1", "list", *words]  # an option of every command
    depth = 1 if words[0] != "d1" else 3 if words[1] in {"migrations", "time-travel"} else 2
    path = tuple(words[:depth])
    if path not in HELP:
        HELP[path] = wrangler.run(*path, "--help").stdout
    assert HELP[path].startswith(f"wrangler {' '.join(path)}"), HELP[path]
    assert [flag for flag in flags(words) if not re.search(rf"{flag}\b", HELP[path])] == []


def test_the_table_of_commands_has_all_of_them_with_their_exit_codes() -> None:
    text = (ROOT / "docs" / "commands.md").read_text()
    rows = {
        cells[0].strip(" `").removeprefix("d1 "): [cell.strip() for cell in cells[1:]]
        for line in text.splitlines()
        if line.startswith("| `d1 ")
        for cells in [line.strip("|").split("|")]
    }
    commands = dict(leaves(main))
    assert sorted(rows) == sorted(commands)
    for name, command in commands.items():
        options = {option for parameter in command.params for option in parameter.opts}
        assert (rows[name][0] == "yes") == ("--json" in options), name
        promised = (command.help or "").partition("Exit code")[2].partition("Examples:")[0]
        for code in re.findall(r"\b[012]\b", promised):
            assert rows[name][1 + int(code)], f"{name}: {code}"


def leaves(group: click.Group, *path: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from leaves(command, *path, name)
        elif command is not None:
            yield " ".join((*path, name)), command
