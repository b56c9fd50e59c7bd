"""The choices of `d1 init`: made by options, by the user on a terminal, or by an assumption that is printed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_d1.cli.support.output import ask, say
from pulumi_d1.errors import ConfigError
from pulumi_d1.scaffold import detection
from pulumi_d1.scaffold.stack_guesses import guess_stacks
from pulumi_d1.settings import TOP_LEVEL
from pulumi_d1.wrangler import bindings_file
from pulumi_d1.wrangler.syntax import NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.scaffold.stack_guesses import GuessedStack
    from pulumi_d1.wrangler.entry import WranglerEntry
    from pulumi_d1.wrangler.worker import Worker


def choose_configuration(config: str) -> Path:
    """Return the wrangler configuration to read; the default name if there is none.

    Raises:
        ConfigError: `config` does not exist, or several packages of a monorepo have a configuration.
    """
    if config:
        if not Path(config).is_file():
            raise ConfigError(f"{config}: there is no such file: --config takes the path of a wrangler configuration")
        return Path(config)
    found = detection.find_configurations(Path())
    if len(found) > 1:
        if main := detection.main_configuration(found):
            say(f"assumed: the database is managed from {main.as_posix()}; --config FILE chooses another", err=True)
            return main
        paths = [path.as_posix() for path in found]
        if not sys.stdin.isatty():
            raise ConfigError(
                "there is no wrangler configuration here, but several below: choose one with --config. They are "
                f"{', '.join(paths)}"
            )
        return Path(ask("Which configuration has the database?", paths))
    if not found and Path(bindings_file.PROGRAM).is_file():
        say(
            f"{bindings_file.PROGRAM} is never edited: 'pulumi up' writes {bindings_file.NAME}, for it to import. "
            "Adopt the databases that it names with 'd1 adopt'",
            err=True,
        )
        return Path(bindings_file.NAME)
    if not found and (others := detection.other_configurations(Path())):
        raise ConfigError(
            f"there is no wrangler configuration here, but {', '.join(others)}: choose one with --config; if it is an "
            "example, copy it first, such as to wrangler.toml"
        )
    if not found:
        say("there is no wrangler configuration here: 'pulumi up' creates wrangler.toml", err=True)
    elif found[0].parent != Path():
        say(f"assumed: the configuration is {found[0].as_posix()}; --config FILE chooses another", err=True)
    return found[0] if found else Path(NAMES[-1])


def choose_binding(worker: Worker) -> str:
    """Return the binding to manage, if the user has the choice and is there to make it; otherwise `""`."""
    databases = {entry.binding: entry.database_name for entry in worker.entries}
    places = [entry.environment for entry in worker.entries]
    if len(databases) < 2 or len(set(places)) == len(places) or not sys.stdin.isatty():  # noqa: PLR2004 - a choice
        return ""
    listed = ", ".join(f"{binding} ({name})" if name else binding for binding, name in databases.items())
    return ask(f"Which binding? {listed}", list(databases))


def choose_stacks(
    worker: Worker, entries: Sequence[WranglerEntry], top_level: str, production: str, *, asks: bool
) -> tuple[GuessedStack, ...]:
    """Return the stacks, after asking about each that is in doubt.

    Raises:
        ConfigError: As `guess_stacks`.
    """
    stacks = guess_stacks(worker, entries, top_level, production)
    for stack in [stack for stack in stacks if stack.doubt and asks]:
        say(f"In doubt: {stack.doubt}.", err=True)
        if stack.environment == TOP_LEVEL:
            top_level = ask("Stack of the top level (none: leave it alone)", default=stack.name)
        else:
            production = ask("Environment of production", worker.environments, default=stack.environment)
    return guess_stacks(worker, entries, top_level, production)
