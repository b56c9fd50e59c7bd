"""The D1 database: the resource of pulumi-cloudflare, registered without importing pulumi-cloudflare (ADR 8).

That package imports the classes of every Cloudflare resource first, which takes longer than the rest of a run without
changes. The resource is a type and a few properties; its behaviour is in the provider plugin, whose version is that of
the installed package. tests/e2e/program/test_database.py compares this class with the package's own.
"""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

import pulumi

from pulumi_d1.program import tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

COMPUTED: Final = ("createdAt", "fileSize", "numTables", "uuid", "version")
"""Outputs that only the provider knows."""


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
