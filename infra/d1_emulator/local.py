"""`d1 local`: runs a command against an emulator of its own, with local Pulumi state."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SALT = "encryptionsalt:"
_GET_PULUMI = "install it (https://www.pulumi.com/docs/install/), or run 'make engine' in a checkout of pulumi-d1"


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".d1"),
    show_default=True,
    help="Folder that keeps the databases and the Pulumi state.",
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def local(context: click.Context, state: Path, command: Sequence[str]) -> None:
    """Run COMMAND against a local D1.

    Starts an emulator, sets the variables that point Pulumi's Cloudflare provider, the SDKs and wrangler at it, keeps
    the Pulumi state in the same folder, and ends with COMMAND's exit code.

    \b
    Examples:
      d1 local -- pulumi preview --stack dev
      d1 local -- wrangler d1 list
    """  # noqa: D301 - click's mark for a paragraph that keeps its lines
    from d1_emulator.server import DEFAULT_ACCOUNT_ID, DEFAULT_TOKEN, environment, serving

    (state / "pulumi").mkdir(parents=True, exist_ok=True)
    with serving(state / "emulator", token=DEFAULT_TOKEN) as address, _without_salts(Path.cwd()):
        # Whoever holds the emulator's folder holds the Pulumi state: a lock in it is of a run that was killed.
        shutil.rmtree(state / "pulumi" / ".pulumi" / "locks", ignore_errors=True)
        variables = {
            **os.environ,
            "PATH": _path(),
            **environment(address.base_url, DEFAULT_TOKEN, DEFAULT_ACCOUNT_ID),
            "PULUMI_BACKEND_URL": (state / "pulumi").resolve().as_uri(),
            # The local state holds no secret; an empty passphrase is what Pulumi needs to ask for none.
            "PULUMI_CONFIG_PASSPHRASE": os.environ.get("PULUMI_CONFIG_PASSPHRASE", ""),
        }
        code = _run(command, variables)
    context.exit(code)


def _path() -> str:
    """Return a PATH with `d1` and, in a checkout where `make engine` ran, the engine that it got."""
    folders = [
        Path(sys.prefix) / "share" / "d1" / "bin",
        os.environ.get("PATH", os.defpath),
        Path(sys.executable).parent,
    ]
    return os.pathsep.join(map(str, folders))


def _run(command: Sequence[str], variables: dict[str, str]) -> int:
    """Exit code of `command`; that of a shell where a signal ended it.

    A Ctrl-C reaches the command as well, which decides what to do about it; the emulator serves until it has ended.
    """
    # A function, not SIG_IGN, which the command would inherit.
    with _handled(signal.SIGINT, lambda *_: None):
        try:
            process = subprocess.Popen(command, env=variables)  # noqa: S603 - what the user asked for
        except FileNotFoundError:
            hint = f": {_GET_PULUMI}" if command[0] == "pulumi" else ": install it, or check the spelling"
            raise click.ClickException(f"{command[0]} is not on PATH{hint}") from None
        with _handled(signal.SIGTERM, lambda *_: process.terminate()):
            code = process.wait()
    return code if code >= 0 else 128 - code


@contextmanager
def _handled(number: signal.Signals, handler: object) -> Iterator[None]:
    previous = signal.signal(number, handler)  # type: ignore[arg-type]  # typeshed has no name for a handler
    try:
        yield
    finally:
        signal.signal(number, previous)


@contextmanager
def _without_salts(project: Path) -> Iterator[None]:
    """Takes the salt of the local state's passphrase out of the stack files that had none.

    Pulumi writes it there on every run. Committed by accident, it would make Pulumi ask for a passphrase where the
    project is used with a real backend.
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
                continue  # a value in the file is encrypted with this salt, or there is none
            if rest:
                file.write_text(rest)
            else:
                file.unlink()
