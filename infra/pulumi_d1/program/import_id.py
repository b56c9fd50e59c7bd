"""A database that exists already, taken into the stack instead of created.

Pulumi's option for that, `import_`, is safe in one run alone: given on a stack that has the database under another id,
or for a database that is not as the program says, it ends in a replacement, which deletes the database. So it is given
while the stack has none, for a database that fits; after that the key `adopt` does nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from pulumi_d1.errors import ConfigError, NotFound
from pulumi_d1.protection.adoption import refuse_misfit

if TYPE_CHECKING:
    from pulumi_d1.protection.decision import Owned
    from pulumi_d1.settings import Settings


def import_id(settings: Settings, owned: Owned | None) -> str | None:
    """Id of the database to adopt, as Cloudflare's provider takes it; None where there is nothing to adopt.

    Args:
        settings: of the environment.
        owned: what it has already.

    Raises:
        ConfigError: the environment has another database, or the one to adopt is not there or does not fit.
        ApiError: Cloudflare can't be asked.
    """
    if not settings.adopt:
        return None
    if owned:
        if owned.id == settings.adopt:
            return None
        raise ConfigError(
            f"adopt is {settings.adopt}, but this stack has the database {owned.id}: take the key out with "
            f"'pulumi config rm adopt --stack {settings.environment}'"
        )
    from pulumi_d1.cloudflare.account import connect_account
    from pulumi_d1.cloudflare.retry import Retry

    try:
        token = pulumi.Config("cloudflare").get("apiToken")
        account = connect_account(settings.account_id, token=token, retry=Retry(pulumi.info))
        found = account.describe(settings.database_name)
    except NotFound as error:
        raise ConfigError(
            f"adopt is {settings.adopt}, but there is no database {settings.database_name}: {error}"
        ) from None
    refuse_misfit(found, settings)
    return f"{settings.account_id}/{settings.adopt}"
