"""A database that exists already, taken into the stack instead of created.

Pulumi's option for that, `import_`, is safe in one run alone: given on a stack that has the database under another id,
or for a database that is not as the program says, it ends in a replacement, which deletes the database. So it is given
while the stack has none, for a database that fits; after that the key `adopt` does nothing.
"""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pulumi

from infra.adoption import refuse_misfit
from infra.errors import ConfigError, NotFound
from infra.program.database import TYPE

if TYPE_CHECKING:
    from collections.abc import Collection

    from infra.settings import Settings


def import_id(settings: Settings, resources: Collection[str]) -> str | None:
    """Id of the database to adopt, as Cloudflare's provider takes it; None where there is nothing to adopt.

    Args:
        settings: of the environment.
        resources: what the environment's database is called in the state, or was.

    Raises:
        ConfigError: the environment has another database, or the one to adopt is not there or does not fit.
        ApiError: Cloudflare can't be asked.
    """
    if not settings.adopt:
        return None
    if owned := _owned(resources):
        if owned == settings.adopt:
            return None
        raise ConfigError(
            f"adopt is {settings.adopt}, but this stack has the database {owned}: take the key out with "
            f"'pulumi config rm adopt --stack {settings.environment}'"
        )
    from infra.cloudflare.account import connect_account
    from infra.retry import Retry

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


def _owned(resources: Collection[str]) -> str:
    """UUID of the database that one of `resources` is in the stack's state; empty when there is none."""
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    try:
        done = subprocess.run(  # noqa: S603 - our own stack
            ["pulumi", "stack", "export", "--stack", stack, "--non-interactive"],  # noqa: S607 - the one that runs this
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "stderr", "") or error
        raise ConfigError(
            f"adopt is set, but whether the stack has a database already can't be told: {reason}"
        ) from None
    found = json.loads(done.stdout)["deployment"].get("resources") or ()
    databases = {item["urn"].rpartition("::")[2]: str(item["id"]) for item in found if item["type"] == TYPE}
    return next((databases[name] for name in resources if name in databases), "")
