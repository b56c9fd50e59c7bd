"""Run the pulumi command."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import click

from pulumi_d1.cli.support.output import say
from pulumi_d1.cli.support.waiting import waiting
from pulumi_d1.errors import ConfigError, PulumiFailed, StackLocked
from pulumi_d1.system.signals import handling

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LOCKED: Final = ("the stack is currently locked by", "Another update is currently in progress")
"""Pulumi's messages, on a file backend and on Pulumi Cloud."""

_EMPTY_JSON: Final = "unexpected end of JSON input"
"""The whole error of Pulumi if a lock file is empty."""

_HOLDER: Final = re.compile(r"created by \S+@(?P<host>\S+) \(pid (?P<process>\d+)\) at \S+")


def capture(*arguments: str) -> str:
    """Run pulumi and return its output.

    Raises:
        ConfigError: pulumi is not on PATH, or refuses.
    """
    try:
        with waiting(f"pulumi {' '.join(arguments[:2])}"):
            process = subprocess.run(  # noqa: S603 - the user's own stack
                _command(arguments), capture_output=True, text=True, check=True
            )
    except FileNotFoundError:
        raise _missing() from None
    except subprocess.CalledProcessError as error:
        raise ConfigError(f"pulumi {' '.join(arguments)} failed: {error.stderr.strip()}") from None
    return process.stdout


def capture_json(*arguments: str) -> Any:
    """Run pulumi and return the JSON that it prints.

    Raises:
        ConfigError: pulumi is not on PATH, refuses, or prints something else.
    """
    try:
        return json.loads(capture(*arguments))
    except ValueError:
        command = f"pulumi {' '.join(arguments)}"
        raise ConfigError(f"'{command}' printed no JSON: check with 'which pulumi' that it is Pulumi's") from None


def run(*arguments: str, stack: str, quiet: bool = False) -> None:
    """Run pulumi on a stack and pass its output on. If a dead run on this machine holds the lock, remove the lock.

    Raises:
        StackLocked: Another run has locked the stack.
        PulumiFailed: pulumi failed, and has printed the reason.
        ConfigError: pulumi is not on PATH.
    """
    try:
        _run(arguments, stack, quiet=quiet)
    except StackLocked as error:
        if not _is_stale(str(error)):
            raise
        say(f"the run that locked stack '{stack}' is dead: pulumi cancel --stack {stack}", err=True)
        capture("cancel", "--stack", stack, "--yes")
        _run(arguments, stack, quiet=quiet)


def _run(arguments: Sequence[str], stack: str, *, quiet: bool) -> None:
    sys.stdout.flush()
    output = sys.stderr if quiet else None
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own stack
            _command((*arguments, "--stack", stack)), stdout=output, stderr=subprocess.PIPE, text=True
        )
    except FileNotFoundError:
        raise _missing() from None
    lock_lines: list[str] = []
    empty_json = False
    with process, _signals_passed_to(process):
        assert process.stderr  # noqa: S101 - it is a pipe
        for line in process.stderr:
            empty_json = empty_json or _EMPTY_JSON in line
            if lock_lines or any(message in line for message in _LOCKED):
                lock_lines.append(line.strip())
            else:
                click.echo(line, err=True, nl=False)  # Pulumi's own output, colours included
    if lock_lines:
        raise StackLocked(
            f"another run has locked stack '{stack}': wait until it ends, and run this again. If it is dead, run "
            f"'pulumi cancel --stack {stack}' first.\n" + "\n".join(f"  {line}" for line in lock_lines)
        )
    if process.returncode and empty_json and (locks := _empty_locks(stack)):
        raise StackLocked(
            f"the lock file {locks[0]} of stack '{stack}' is empty, as after a full disk: if no other run is at work, "
            f"run 'pulumi cancel --stack {stack}', which deletes it, and run this again"
        )
    if process.returncode:
        command = f"pulumi {' '.join(arguments)} --stack {stack}"
        raise PulumiFailed(f"'{command}' failed with exit code {process.returncode}: see its output above")


def _empty_locks(stack: str) -> list[Path]:
    """Return the empty lock files of a stack on a file backend."""
    backend: str = capture_json("whoami", "--verbose", "--json")["url"]
    folder = Path(urlsplit(backend).netloc + urlsplit(backend).path).expanduser()
    locks = folder.glob(f".pulumi/locks/**/{stack}/*.json") if backend.startswith("file://") else ()
    return sorted(file for file in locks if file.stat().st_size == 0)


@contextmanager
def _signals_passed_to(process: subprocess.Popen[str]) -> Iterator[None]:
    """Outlive pulumi when a signal comes. A terminal sends Ctrl-C to both processes; SIGTERM reaches only this one."""
    with handling({signal.SIGINT: lambda *_: None, signal.SIGTERM: lambda *_: process.terminate()}):
        yield


def _is_stale(message: str) -> bool:
    """Return whether all holders of the lock ran on this machine and are dead."""
    holders = list(_HOLDER.finditer(message))
    here = socket.gethostname()
    return bool(holders) and all(item["host"] == here and not _is_alive(int(item["process"])) for item in holders)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True  # not Linux: the signal reached it
    return state != "Z"  # a zombie has ended


def _command(arguments: Sequence[str]) -> list[str]:
    return ["pulumi", "--non-interactive", *arguments]


def _missing() -> ConfigError:
    command = click.get_current_context().command_path
    return ConfigError(f"pulumi is not on PATH: run this as 'd1 local -- {command} ...', or install Pulumi")
