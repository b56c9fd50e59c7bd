"""The D1 database: the resource of pulumi-cloudflare, registered without importing pulumi-cloudflare (ADR 8).

That package imports the classes of every Cloudflare resource first, which takes longer than the rest of a run without
changes. The resource is a type and a few properties; its behaviour is in the provider plugin, whose version is that of
the installed package. tests/e2e/program/test_database.py compares this class with the package's own.
"""

from __future__ import annotations

import shlex
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

import pulumi
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import monitor_supports_feature

from pulumi_d1.program import tokens
from pulumi_d1.program.pulumi_sdk import warn

if TYPE_CHECKING:
    from collections.abc import Mapping

COMPUTED: Final = ("createdAt", "fileSize", "numTables", "uuid", "version")
"""Outputs that only the provider knows."""


NAME_TAKEN: Final = "7502"
"""Cloudflare's code for the creation of a database whose name is taken."""


def adoption_hint(component: str, database: str, stack: str) -> pulumi.ResourceHookBinding | None:
    """Return a hook that explains a creation whose name is taken; None if the engine has no such hooks.

    The provider repeats a creation whose answer was lost, and then finds the database that it has created.
    """
    if not monitor_supports_feature(resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS):
        return None

    def explain(failure: pulumi.ErrorHookArgs) -> bool:
        if any(NAME_TAKEN in error for error in failure.errors):
            warn(
                f"the database {database} exists already, and this stack does not own it. If a run was interrupted, "
                f"'d1 adopt --stack {shlex.quote(stack)}' lets the next 'pulumi up' adopt the database"
            )
        return False  # do not try again

    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(f"{component}-name-taken", explain)])


class D1Database(pulumi.CustomResource):
    """A D1 database; its id is its UUID."""

    def __init__(self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        """Register the resource.

        Args:
            inputs: The provider's inputs, in camelCase; None stands for an input that is left out.
        """
        plugin = pulumi.ResourceOptions(version=metadata.version("pulumi-cloudflare"))
        properties = {**inputs, **dict.fromkeys(COMPUTED)}
        super().__init__(tokens.DATABASE, name, properties, pulumi.ResourceOptions.merge(plugin, opts))
