"""`d1 local`: run a command against the project's emulator, with local Pulumi state."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from d1_emulator.server import DEFAULT_ACCOUNT_ID, DEFAULT_TOKEN, TOKEN_VARIABLE, environment, serving
from d1_emulator.sharing import has_users, joined, project_folder, wait_for_users
from pulumi_d1.errors import FolderInUse
from pulumi_d1.escaping import escape_lines
from pulumi_d1.system.signals import handling

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SALT = "encryptionsalt:"
_GET_PULUMI = "install it (https://www.pulumi.com/docs/install/), or run 'make engine' in a checkout of pulumi-d1"


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that keeps the databases and the Pulumi state.  [default: .d1 of the project]",
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def local(context: click.Context, state: Path | None, command: Sequence[str]) -> None:
    r"""Run COMMAND, or a shell, against a local D1.

    Starts an emulator, or joins the project's running one, sets the variables that point Pulumi's Cloudflare provider,
    the SDKs and wrangler at it, keeps the Pulumi state in the same folder, and ends with COMMAND's exit code. Works in
    each folder of the project.

    \b
    Examples:
      d1 local -- pulumi preview --stack dev
      d1 local -- wrangler d1 list
      d1 local                                  a shell
    """
    state = state or project_folder() / ".d1"
    state.mkdir(0o700, parents=True, exist_ok=True)
    (state / "pulumi").mkdir(exist_ok=True)
    token = os.environ.get(TOKEN_VARIABLE) or DEFAULT_TOKEN
    with _emulator(state, token) as base_url, _without_salts(project_folder()):
        variables = {
            **os.environ,
            "PATH": _path(),
            **environment(base_url, token, DEFAULT_ACCOUNT_ID),
            "PULUMI_BACKEND_URL": (state / "pulumi").resolve().as_uri(),
            # The local state has no secrets. Pulumi asks for a passphrase unless the variable is set.
            "PULUMI_CONFIG_PASSPHRASE": os.environ.get("PULUMI_CONFIG_PASSPHRASE", ""),
        }
        if not command:
            command = [os.environ.get("SHELL") or "/bin/sh"]
            where = f"{command[0]} against {base_url}, with the state in {os.path.relpath(state)}"
            click.echo(escape_lines(where), err=True)
        code = _run(command, variables)
    context.exit(code)


@contextmanager
def _emulator(state: Path, token: str) -> Iterator[str]:
    """Serve the project's databases, or join the process that does, and yield the base URL."""
    folder = state / "emulator"
    with ExitStack() as stack:
        try:
            address = stack.enter_context(serving(folder, token=token))
        except FolderInUse:
            yield stack.enter_context(joined(folder))
            return
        # The emulator's folder is locked, and with it the Pulumi state: a lock in there is left from a killed run.
        shutil.rmtree(state / "pulumi" / ".pulumi" / "locks", ignore_errors=True)
        yield address.base_url
        if has_users(folder):
            click.echo("waiting for the other commands that use this emulator", err=True)
            wait_for_users(folder)


def _path() -> str:
    """Return a PATH with `d1` and, after `make engine` in a checkout, its engine."""
    folders = [
        Path(sys.prefix) / "share" / "d1" / "bin",
        os.environ.get("PATH", os.defpath),
        Path(sys.executable).parent,
    ]
    return os.pathsep.join(map(str, folders))


def _run(command: Sequence[str], variables: dict[str, str]) -> int:
    """Return the exit code of `command`; that of a shell if a signal ended it.

    A Ctrl-C reaches the command too, and the emulator serves until the command ends.
    """
    # A function instead of SIG_IGN, because the command would inherit that.
    with handling({signal.SIGINT: lambda *_: None}):
        try:
            process = subprocess.Popen(command, env=variables)  # noqa: S603 - the user's own command
        except FileNotFoundError:
            hint = f": {_GET_PULUMI}" if command[0] == "pulumi" else ": install it, or check the spelling"
            raise click.ClickException(f"{command[0]} is not on PATH{hint}") from None
        with handling({signal.SIGTERM: lambda *_: process.terminate()}):
            code = process.wait()
    return code if code >= 0 else 128 - code


@contextmanager
def _without_salts(project: Path) -> Iterator[None]:
    """Remove the salt of the local state's passphrase from the stack files that had none.

    Pulumi writes it on every run. If it were committed by accident, Pulumi would ask for a passphrase with a real
    backend too.
    """
    salted = {file for file in project.glob("Pulumi.*.yaml") if _SALT in file.read_text()}
    try:
        yield
    finally:
        for file in set(project.glob("Pulumi.*.yaml")) - salted:
            text = file.read_text()
            lines = text.splitlines(keepends=True)
            rest = "".join(line for line in lines if not line.startswith(_SALT))
            if "secure:" in text or rest == text:
                continue  # a value in the file is encrypted with this salt, or the file has none
            if rest:
                file.write_text(rest)
            else:
                file.unlink()
