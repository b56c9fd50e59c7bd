"""Inputs and outputs of the migrations resource, by name: a stored format, since the state keeps them.

What they mean stands in inputs, which needs far more: the program, which only names them, imports this module alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

INPUTS = (
    "account_id",
    "database_id",
    "database_name",
    "migrations_dir",
    "migrations_pattern",
    "migrations_table",
    "retention_days",
    "policy",
    "on_failure",
    "quarantine",
    "deletion",
    "migrations",
)
IDENTITY = ("account_id", "database_id")
STACK = "stack"
"""Name of the stack, an input for messages alone: no change where a state lacks it."""
OUTPUTS = ("applied", "checksums", "last_migration", "bookmark", "restore_command", "history")


def stored(props: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as the state keeps them."""
    return {name: value(props, name) for name in INPUTS}


def changed(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    """Names of the inputs that are not what the state has."""
    return [name for name in INPUTS if value(olds, name) != value(news, name)]


def value(props: Mapping[str, Any], name: str) -> Any:
    """An input; one that a state from before it came lacks is as if it had been empty."""
    return props.get(name, "")


def of_ledger(names: Sequence[str]) -> dict[str, Any]:
    """The outputs that a refresh reads again."""
    return {"applied": list(names), "last_migration": names[-1] if names else ""}
