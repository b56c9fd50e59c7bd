"""The options of `d1 emulator` that ask for a behaviour: the command line's form of what the control endpoint takes."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from d1_emulator.errors import Malformed
from d1_emulator.stress.behaviour import Behaviour, read
from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_F = TypeVar("_F", bound="Callable[..., Any]")

_FREE_PLAN: Final = {"max_databases": 10, "retention_days": 7}
"""Cloudflare's page on D1's limits."""
_QUOTA: Final = ("requests", "seconds", "block_seconds")

_OPTIONS: Final = (
    click.option(
        "--plan",
        type=click.Choice(["paid", "free"]),
        help="free: 10 databases for each account, and 7 days of Time Travel.",
    ),
    click.option("--max-databases", type=int, help="Databases that an account may have."),
    click.option("--retention-days", type=int, help="How far back Time Travel reaches: 7 or 30."),
    click.option(
        "--restore-limit",
        metavar="[N/SECONDS]",
        is_flag=False,
        flag_value="",
        help="Refuse restores of a database above a rate; 10/600 where no value is given.",
    ),
    click.option(
        "--rate-limit",
        metavar="[N/SECONDS/BLOCK]",
        is_flag=False,
        flag_value="",
        help="Refuse requests above a rate, for BLOCK seconds; 1200/300/300 where no value is given.",
    ),
    click.option("--latency-ms", type=int, help="Let every request wait, in milliseconds."),
    click.option(
        "--fault",
        "faults",
        metavar="'KIND [NAME=VALUE ...]'",
        multiple=True,
        help="Let requests fail, such as 'drop when=after endpoint=query nth=2'. Can be given many times.",
    ),
    click.option(
        "--strict-splitter",
        is_flag=True,
        default=None,
        help="Cut SQL of queries with the known defects of the service's splitter.",
    ),
)


def behaviour_options(command: _F) -> _F:
    """Add the options to a command, which receives them as keyword arguments."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def behaviour(asked: Mapping[str, Any]) -> Behaviour:
    """Read the values of the options.

    Raises:
        ConfigError: a value is not allowed.
    """
    from d1_emulator.api.routes import ENDPOINTS  # takes a while to import, and `d1 emulator --help` needs none of it

    given = {name: value for name, value in asked.items() if value is not None}
    document = {**(_FREE_PLAN if given.pop("plan", None) == "free" else {}), **given}
    for name in ("rate_limit", "restore_limit"):
        if name in document:
            document[name] = _quota(document[name])
    try:
        document["faults"] = [_rule(text) for text in given.get("faults", ())]
        return read(document, ENDPOINTS, Behaviour())
    except (Malformed, ValueError) as error:
        raise ConfigError(f"the options of the emulator have a mistake: {error}") from None


def _quota(text: str) -> dict[str, Any]:
    """Read "N/SECONDS/BLOCK", of which the end may be left out."""
    parts = text.split("/") if text else []
    return dict(zip(_QUOTA, map(_value, parts), strict=False))


def _rule(text: str) -> dict[str, Any]:
    """Read "KIND NAME=VALUE ...": words as in a shell; a value is JSON where it can be, and text elsewhere."""
    kind, *pairs = shlex.split(text) or [""]
    named = (pair.partition("=") for pair in pairs)
    return {"fault": kind, **{name: _value(value) for name, _, value in named}}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
