"""`d1 emulator`: serve until stopped."""

from __future__ import annotations

import json
import os
import shlex
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from d1_emulator.api.json_object import JsonObject
from d1_emulator.api.routes import ENDPOINTS
from d1_emulator.api_errors import Malformed
from d1_emulator.faults.behaviour import Behaviour, read_behaviour
from d1_emulator.server import DEFAULT_TOKEN, STOP_SIGNALS, TOKEN_VARIABLE, environment, serving
from d1_emulator.sharing import project_folder
from pulumi_d1.errors import ConfigError
from pulumi_d1.escaping import escape_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULT_PORT = 8910  # wrangler dev and wrangler pages dev use 8787 and 8788
_FREE_PLAN: Final = {"max_databases": 10, "max_database_mb": 500, "retention_days": 7}
"""Cloudflare's page on D1's limits."""
_QUOTA: Final = ("requests", "seconds", "block_seconds")


@click.command()
@click.option(
    "--port",
    default=_DEFAULT_PORT,
    show_default=True,
    type=click.IntRange(0, 65_535),
    help="Port on 127.0.0.1; 0 for any free one.",
)
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that keeps the databases between runs.  [default: .d1/emulator of the project]",
)
@click.option(
    "--token",
    envvar=TOKEN_VARIABLE,
    show_envvar=True,
    help=f"API token that clients must send. Default: {DEFAULT_TOKEN}.",
)
@click.option(
    "--plan",
    type=click.Choice(["paid", "free"]),
    help="free: 10 databases of 500 MB for each account, 7 days of Time Travel.",
)
@click.option("--max-databases", type=int, help="Databases that an account may have.")
@click.option("--retention-days", type=int, help="How far back Time Travel reaches: 7 or 30.")
@click.option(
    "--restore-limit",
    metavar="[N/SECONDS]",
    is_flag=False,
    flag_value="",
    help="Refuse restores of a database above a rate; 10/600 without a value.",
)
@click.option(
    "--rate-limit",
    metavar="[N/SECONDS/BLOCK]",
    is_flag=False,
    flag_value="",
    help="Refuse requests above a rate, for BLOCK seconds; 1200/300/300 without a value.",
)
@click.option("--query-seconds", type=float, help="Longest time for the SQL of one request. Default: 30.")
@click.option("--max-database-mb", type=int, help="Largest size of a database, in megabytes. Default: 10000.")
@click.option(
    "--imports",
    type=click.Choice(["transaction", "statements"]),
    help="statements: commit each statement of an import, and restore the database if one fails.",
)
@click.option(
    "--imports-die-ms",
    type=int,
    help="Let imports by statement die after half of their statements, and undo them so many milliseconds later.",
)
@click.option(
    "--null-replication",
    is_flag=True,
    default=None,
    help="Show the read replication as null while it is disabled, as the service sometimes does.",
)
@click.option("--latency-ms", type=int, help="Delay every request, in milliseconds.")
@click.option(
    "--fault",
    "faults",
    metavar="'KIND [NAME=VALUE ...]'",
    multiple=True,
    help="Let requests fail, such as 'drop when=after endpoint=query nth=2'. Repeatable.",
)
@click.option(
    "--strict-splitter",
    is_flag=True,
    default=None,
    help="Split the SQL of queries with the known defects of the service's splitter.",
)
def emulator(port: int, state: Path | None, token: str | None, **options: Any) -> None:
    r"""Serve a local Cloudflare with D1 and Time Travel.

    Prints the variables that point wrangler, the Pulumi provider and the SDK at it, for a shell to read. Limits and
    faults are for tests of its clients; 'd1 explain emulator' lists them all.

    \b
    Examples:
      d1 emulator
      d1 emulator --port 0 --state /tmp/d1      a free port, which it prints
    """
    token = token or DEFAULT_TOKEN
    state = state or project_folder() / ".d1" / "emulator"
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)  # they wait for sigwait, in whatever thread they arrive
    with serving(state, port=port, token=token, behaviour=behaviour_of(options)) as address:
        for name, value in environment(address.base_url, token).items():
            click.echo(f"export {name}={shlex.quote(value)}")
        click.echo(escape_lines(f"Serving {os.path.relpath(state)} at {address.base_url}. Stop with Ctrl-C."), err=True)
        signal.sigwait(STOP_SIGNALS)


def behaviour_of(options: Mapping[str, Any]) -> Behaviour:
    """Return the behaviour that the options ask for.

    Raises:
        ConfigError: A value is not allowed.
    """
    given = {name: value for name, value in options.items() if value is not None}
    document = {**(_FREE_PLAN if given.pop("plan", None) == "free" else {}), **given}
    for name in ("rate_limit", "restore_limit"):
        if name in document:
            document[name] = _quota(document[name])
    try:
        document["faults"] = [_rule(text) for text in given.get("faults", ())]
        return read_behaviour(JsonObject(document), ENDPOINTS, Behaviour())
    except (Malformed, ValueError) as error:
        raise ConfigError(f"the options of the emulator have a mistake: {error}") from None


def _quota(text: str) -> dict[str, Any]:
    """Read "N/SECONDS/BLOCK", whose end may be left out."""
    parts = text.split("/") if text else []
    return dict(zip(_QUOTA, map(_value, parts), strict=False))


def _rule(text: str) -> dict[str, Any]:
    """Read "KIND NAME=VALUE ...", with the words of a shell."""
    kind, *pairs = shlex.split(text) or [""]
    named = (pair.partition("=") for pair in pairs)
    return {"fault": kind, **{name: _value(value) for name, _, value in named}}


def _value(text: str) -> Any:
    """Read a value as JSON, or else as text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
