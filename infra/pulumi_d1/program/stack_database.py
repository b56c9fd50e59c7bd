"""The database that the stack already has, read from its state through the engine: faster than the pulumi command."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Final

import pulumi
from pulumi.runtime import invoke

from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.errors import ConfigError, OutcomeUnknown
from pulumi_d1.program import tokens
from pulumi_d1.protection.decision import StackDatabase

if TYPE_CHECKING:
    from collections.abc import Mapping

_INVOKE: Final = "pulumi:pulumi:readStackResourceOutputs"
"""The call behind pulumi.StackReference.get_output_details of other SDKs; it leaves no resource in the state."""


def read_stack_database(component: str, database_name: str) -> StackDatabase | None:
    """Return the database of the component with this name, or None if it has none yet.

    Raises:
        ConfigError: The engine cannot read the state, or the database is in it outside every component.
    """
    resources = _read_resources()
    _refuse_imported(resources, database_name)
    database = _outputs(resources, f"{component}-database")
    if not database.get("uuid"):
        return None
    rules = (_outputs(resources, f"{component}-{kind}").get("deletion") for kind in ("bindings", "migrations"))
    return StackDatabase(
        id=database["uuid"],
        name=database["name"],
        account_id=database["accountId"],
        jurisdiction=database.get("jurisdiction") or "",
        location_hint=database.get("primaryLocationHint") or "",
        confirmed=next((str(item["confirmed"]) for item in rules if item), ""),
    )


def _refuse_imported(resources: Mapping[str, Any], database_name: str) -> None:
    """Refuse a database that `pulumi import` put beside the component, which would create another one.

    Raises:
        ConfigError: There is one.
    """
    for urn, item in resources.items():
        outputs = item["outputs"]
        if item["type"] == tokens.DATABASE and tokens.ENVIRONMENT not in urn and outputs.get("name") == database_name:
            stack = shlex.quote(pulumi.get_stack())
            raise ConfigError(
                f"the database {database_name} ({outputs['uuid']}) is in this stack, but outside its component, as "
                "'pulumi import' leaves it. Remove it from the state, which deletes nothing, and adopt it:\n"
                f"  pulumi state delete {shlex.quote(urn)} --force --stack {stack}\n"
                f"  d1 adopt --stack {stack}"
            )


def read_bound_id(component: str) -> str:
    """Return the database's id in the state of the component's binding, or `""` if it has none.

    Raises:
        ConfigError: The engine cannot read the state.
    """
    return str(_outputs(_read_resources(), f"{component}-bindings").get("database_id", ""))


def _read_resources() -> Mapping[str, Any]:
    """Return the resources in the stack's state.

    Raises:
        ConfigError: The engine cannot read the state.
    """
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    try:
        # The engine writes the state meanwhile, into the same file, so it may read half of it.
        answer = Retry().call(lambda: _read_state(stack))
    except OutcomeUnknown as error:
        raise ConfigError(
            f"the stack's state cannot be read: {error}; nothing was done. Run it again; 'pulumi stack export' shows "
            "whether the state can be read at all"
        ) from error
    return (answer or {}).get("outputs") or {}


def _read_state(stack: str) -> Mapping[str, Any] | None:
    try:
        state: Mapping[str, Any] | None = invoke(_INVOKE, {"stackName": stack}).value
    except Exception as error:  # the SDK documents no exception type
        raise OutcomeUnknown(str(error)) from error
    return state


def _outputs(resources: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the outputs of the resource with this name; empty if there is none."""
    for urn, item in resources.items():
        is_database = item["type"] == tokens.DATABASE
        if urn.rpartition("::")[2] == name and is_database == name.endswith("-database"):
            outputs: Mapping[str, Any] = item["outputs"]
            return outputs
    return {}
