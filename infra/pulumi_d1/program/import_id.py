"""The id of an existing database to import into the stack.

Pulumi's option `import_` is safe in one run only: on a stack that has the database under another id, or for a database
that differs from the program, it ends in a replacement, which deletes the database. So it is set only while the stack
has no database, and only for a database that fits; after that the key `adopt` has no effect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from pulumi_d1.errors import ConfigError, NotFound
from pulumi_d1.protection.adoption import refuse_misfit

if TYPE_CHECKING:
    from pulumi_d1.protection.decision import StackDatabase
    from pulumi_d1.settings import Settings


def find_import_id(settings: Settings, existing: StackDatabase | None) -> str | None:
    """Return the id of the database to adopt, as Cloudflare's provider expects it; None if there is none to adopt.

    Args:
        existing: The database that the stack already has.

    Raises:
        ConfigError: The stack has another database, or the one to adopt does not exist or does not fit.
        ApiError: Cloudflare cannot be reached.
    """
    if not settings.adopt:
        return None
    if existing:
        if existing.id == settings.adopt:
            return None
        raise ConfigError(
            f"adopt is {settings.adopt}, but this stack has the database {existing.id}: remove the key with "
            f"'pulumi config rm adopt --stack {settings.environment}'"
        )
    from pulumi_d1.cloudflare.account import connect_account

    try:
        account = connect_account(settings.account_id, token=pulumi.Config("cloudflare").get("apiToken"))
        database = account.describe(settings.database_name)
    except NotFound as error:
        raise ConfigError(
            f"adopt is {settings.adopt}, but the database {settings.database_name} does not exist: {error}"
        ) from None
    refuse_misfit(database, settings)
    return f"{settings.account_id}/{settings.adopt}"
