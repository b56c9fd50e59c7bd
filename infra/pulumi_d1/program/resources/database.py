"""The D1 database: the resource of pulumi-cloudflare, registered without importing pulumi-cloudflare.

That package begins by importing the classes of every Cloudflare resource, which takes longer than all else in a run
without changes. The resource is a type and a few properties; its behaviour is in the provider plugin, whose version is
that of the installed package. tests/e2e/program/test_database.py holds this class against the package's own.
"""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

import pulumi

if TYPE_CHECKING:
    from collections.abc import Mapping

TYPE: Final = "cloudflare:index/d1Database:D1Database"
COMPUTED: Final = ("createdAt", "fileSize", "numTables", "uuid", "version")
"""What the provider alone knows."""


class D1Database(pulumi.CustomResource):
    """A D1 database; its id is its UUID."""

    def __init__(self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        """Args: `inputs` are the provider's, in camelCase; None stands for what is left out."""
        plugin = pulumi.ResourceOptions(version=metadata.version("pulumi-cloudflare"))
        properties = {**inputs, **dict.fromkeys(COMPUTED)}
        super().__init__(TYPE, name, properties, pulumi.ResourceOptions.merge(plugin, opts))
