"""Whether a database that exists already can become the one of a stack. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.account import Description
    from pulumi_d1.settings import Settings


def refuse_misfit(found: Description, settings: Settings) -> None:
    """Stops where Pulumi would have to replace the database to make it what the settings say, and so delete it.

    Args:
        found: the database that has the stack's name.
        settings: of the stack.

    Raises:
        ConfigError: with what to change.
    """
    if settings.adopt and settings.adopt != found.id:
        raise ConfigError(
            f"adopt is {settings.adopt}, but {found.name} is {found.id}: no other database can be this stack's, since "
            "D1 renames none"
        )
    if settings.location_hint:
        raise ConfigError(
            f"locationHint says where to create a database, and {found.name} is there already: take the key out with "
            f"'pulumi config rm locationHint --stack {settings.environment}'"
        )
    if settings.jurisdiction != found.jurisdiction:
        asked, has = settings.jurisdiction or "none", found.jurisdiction or "none"
        raise ConfigError(
            f"jurisdiction is {asked}, but that of {found.name} is {has}, and can't change: set the key to what it is"
        )
