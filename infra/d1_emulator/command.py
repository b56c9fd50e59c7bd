"""`d1 emulator`: serves until it is stopped."""

from __future__ import annotations

import shlex
import signal
import threading
from pathlib import Path
from typing import Any

import click

from d1_emulator.stress.options import behaviour, behaviour_options

_DEFAULT_PORT = 8787
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@click.command()
@click.option(
    "--port",
    default=_DEFAULT_PORT,
    show_default=True,
    type=click.IntRange(0, 65_535),
    help="Port on 127.0.0.1; 0 takes any free one.",
)
@click.option(
    "--state",
    default=Path(".d1/emulator"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that holds the databases, between runs too.",
)
@click.option(
    "--token",
    envvar="D1_EMULATOR_TOKEN",
    show_envvar=True,
    help="API token that clients must send. Default: one that is the same for everyone.",
)
@behaviour_options
def emulator(port: int, state: Path, token: str | None, **asked: Any) -> None:
    r"""Serve a local Cloudflare with D1 and Time Travel.

    Prints the variables that point wrangler, the Pulumi provider and the SDK at it, for a shell to read. Limits and
    faults are for tests of what runs against it; docs/emulator.md has them all.

    \b
    Examples:
      d1 emulator
      d1 emulator --port 0 --state /tmp/d1      a free port, which it prints
    """
    from d1_emulator.server import DEFAULT_TOKEN, environment, serving

    token = token or DEFAULT_TOKEN
    stopped = threading.Event()
    for number in _STOP_SIGNALS:
        signal.signal(number, lambda _number, _frame: stopped.set())
    with serving(state, port=port, token=token, behaviour=behaviour(asked)) as address:
        for name, value in environment(address.base_url, token).items():
            click.echo(f"export {name}={shlex.quote(value)}")
        click.echo(f"Serving {state} at {address.base_url}. Stop with Ctrl-C.", err=True)
        stopped.wait()
