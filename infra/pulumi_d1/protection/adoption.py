"""The check that an existing database fits a stack. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.account import DatabaseInfo
    from pulumi_d1.settings import Settings


def refuse_misfit(database: DatabaseInfo, settings: Settings) -> None:
    """Refuse to adopt a database that Pulumi would then have to replace, and so delete.

    Raises:
        ConfigError: The setting to change.
    """
    if settings.adopt and settings.adopt != database.id:
        raise ConfigError(
            f"adopt is {settings.adopt}, but {database.name} is {database.id}: only that database can become this "
            "stack's, because D1 cannot rename databases"
        )
    if settings.location_hint:
        raise ConfigError(
            f"locationHint applies to new databases, and {database.name} exists already: remove the key with "
            f"'pulumi config rm locationHint --stack {settings.environment}'"
        )
    if settings.jurisdiction != database.jurisdiction:
        wanted, actual = settings.jurisdiction or "none", database.jurisdiction or "none"
        raise ConfigError(
            f"jurisdiction is {wanted}, but {database.name} has {actual}, and D1 cannot change it: set the key to that"
        )
