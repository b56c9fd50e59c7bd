"""What the stack has already, as its state says: asked of the engine, which is quicker than the pulumi command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pulumi
from pulumi.runtime import invoke

from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.errors import ConfigError, OutcomeUnknown
from pulumi_d1.program.resources.database import TYPE
from pulumi_d1.protection.decision import Owned

if TYPE_CHECKING:
    from collections.abc import Mapping

_INVOKE: Final = "pulumi:pulumi:readStackResourceOutputs"
"""What pulumi.StackReference.get_output_details of other SDKs asks; it leaves no resource in the state."""


def owned_database(component: str) -> Owned | None:
    """The database of the component of this name; None where it has none yet.

    Raises:
        ConfigError: the engine can't tell.
    """
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    try:
        # The engine is writing the state meanwhile, into the same file: what is read may be half of it.
        answer = Retry(pulumi.info).call(lambda: _state(stack))
    except OutcomeUnknown as error:
        raise ConfigError(
            f"what the stack has already can't be read from its state: {error}; nothing was done. Run it again; "
            "'pulumi stack export' shows whether the state can be read at all"
        ) from error
    resources: Mapping[str, Any] = (answer or {}).get("outputs") or {}
    database = _outputs(resources, component, "database")
    if not database.get("uuid"):
        return None
    children = (_outputs(resources, component, kind).get("deletion") for kind in ("bindings", "migrations"))
    return Owned(
        id=database["uuid"],
        name=database["name"],
        account_id=database["accountId"],
        jurisdiction=database.get("jurisdiction") or "",
        location_hint=database.get("primaryLocationHint") or "",
        released=next((str(written["confirmed"]) for written in children if written), ""),
    )


def _state(stack: str) -> Mapping[str, Any] | None:
    try:
        found: Mapping[str, Any] | None = invoke(_INVOKE, {"stackName": stack}).value
    except Exception as error:  # the SDK promises no kind
        raise OutcomeUnknown(str(error)) from error
    return found


def _outputs(resources: Mapping[str, Any], component: str, kind: str) -> Mapping[str, Any]:
    """Outputs of a child of the component; its name was shorter while a program could have only one component."""
    names = (f"{component}-{kind}", *((kind,) if component == "d1" else ()))
    for urn, item in resources.items():
        _, _, name = urn.rpartition("::")
        if name in names and (kind != "database" or item["type"] == TYPE):
            found: Mapping[str, Any] = item["outputs"]
            return found
    return {}
