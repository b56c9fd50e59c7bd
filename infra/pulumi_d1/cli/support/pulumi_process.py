"""The pulumi command: asked for something, or run before the user's eyes."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pulumi_d1.cli.support.waiting import waiting
from pulumi_d1.errors import ConfigError, PulumiFailed, StackLocked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LOCKED: Final = ("the stack is currently locked by", "Another update is currently in progress")
"""What Pulumi says on a backend of files, and on Pulumi Cloud."""

_HOLDER: Final = re.compile(r"created by \S+@(?P<host>\S+) \(pid (?P<process>\d+)\) at \S+")


def ask(*arguments: str) -> str:
    """What pulumi prints.

    Raises:
        ConfigError: pulumi is not on PATH, or refuses.
    """
    try:
        with waiting(f"pulumi {' '.join(arguments[:2])}"):
            done = subprocess.run(  # noqa: S603 - the user's own stack
                _command(arguments), capture_output=True, text=True, check=True
            )
    except FileNotFoundError:
        raise _missing() from None
    except subprocess.CalledProcessError as error:
        raise ConfigError(f"pulumi {' '.join(arguments)} failed: {error.stderr.strip()}") from None
    return done.stdout


def run(*arguments: str, stack: str, quiet: bool = False) -> None:
    """Runs pulumi on a stack and passes on what it prints. The lock of a run that died on this machine is lifted.

    Args:
        arguments: command and options of pulumi.
        stack: the stack.
        quiet: whether to print to stderr alone.

    Raises:
        StackLocked: another run has the stack.
        PulumiFailed: pulumi ended with an error, which it has printed.
        ConfigError: pulumi is not on PATH.
    """
    try:
        _pass_on(arguments, stack, quiet=quiet)
    except StackLocked as error:
        if not _all_died(str(error)):
            raise
        click.echo(f"the run that had locked stack '{stack}' has died: pulumi cancel --stack {stack}", err=True)
        ask("cancel", "--stack", stack, "--yes")
        _pass_on(arguments, stack, quiet=quiet)


def _pass_on(arguments: Sequence[str], stack: str, *, quiet: bool) -> None:
    sys.stdout.flush()
    output = sys.stderr if quiet else None
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own stack
            _command((*arguments, "--stack", stack)), stdout=output, stderr=subprocess.PIPE, text=True
        )
    except FileNotFoundError:
        raise _missing() from None
    locked: list[str] = []
    with process, _outlasting(process):
        assert process.stderr  # noqa: S101 - it is a pipe
        for line in process.stderr:
            if locked or any(words in line for words in _LOCKED):
                locked.append(line.strip())
            else:
                click.echo(line, err=True, nl=False)
    if locked:
        raise StackLocked(
            f"another run has the stack '{stack}': wait until it ends, and run this again. If it has died, run "
            f"'pulumi cancel --stack {stack}' first.\n" + "\n".join(f"  {line}" for line in locked)
        )
    if process.returncode:
        raise PulumiFailed(f"'pulumi {' '.join(arguments)} --stack {stack}' ended with {process.returncode}: see above")


@contextmanager
def _outlasting(process: subprocess.Popen[str]) -> Iterator[None]:
    """Lets pulumi end before we do: a terminal sends Ctrl-C to both, anything else only to us."""
    handlers = {signal.SIGINT: lambda *_: None, signal.SIGTERM: lambda *_: process.terminate()}
    previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _all_died(message: str) -> bool:
    """Whether each holder of the lock ran on this machine, and does so no more."""
    holders = list(_HOLDER.finditer(message))
    here = socket.gethostname()
    return bool(holders) and all(item["host"] == here and not _lives(int(item["process"])) for item in holders)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True  # no Linux: what a signal reaches, lives
    return state != "Z"  # has ended, and nobody has asked how


def _command(arguments: Sequence[str]) -> list[str]:
    return ["pulumi", "--non-interactive", *arguments]


def _missing() -> ConfigError:
    command = click.get_current_context().command_path
    return ConfigError(f"pulumi is not on PATH: run this as 'd1 local -- {command} ...', or install Pulumi")
