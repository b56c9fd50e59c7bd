"""What `d1 --help` says, of every command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from infra.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator


def commands(group: click.Group, *path: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield " ".join([*path, name]), command
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)


COMMANDS = dict(commands(main))


@pytest.mark.parametrize("name", COMMANDS)
def test_help_keeps_the_lines_of_examples_apart(name: str) -> None:
    command = COMMANDS[name]
    shown = command.get_help(click.Context(command, info_name=f"d1 {name}"))
    assert "\\b" not in shown
    after = shown.partition("Examples:")[2].splitlines()
    assert not after or after[1].strip().startswith("d1 ")
