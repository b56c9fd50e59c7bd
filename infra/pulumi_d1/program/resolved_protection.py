"""The protection of the stack's database in this run: may it be replaced, does Pulumi protect it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pulumi

from pulumi_d1.program.pulumi_sdk import warn
from pulumi_d1.protection.decision import PendingDeletion, identity_changes, rules_from

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api
    from pulumi_d1.protection.decision import StackDatabase
    from pulumi_d1.settings import Settings


def resolve_protection(settings: Settings, existing: StackDatabase | None) -> tuple[Settings, bool]:
    """Return the settings to run with, and whether Pulumi protects the database.

    A confirmation takes two runs: the first removes the protection, records that, and changes nothing else. So a
    deletion needs no configuration, and a new database is protected from the start.

    Args:
        existing: The database that the stack already has.

    Raises:
        NotConfirmed: The database would be replaced, and nobody confirmed that.
    """
    key, stack = settings.key("confirmDeletion"), shlex.quote(settings.environment)
    is_confirmed = existing is not None and settings.confirm_deletion == existing.id
    if settings.confirm_deletion and not is_confirmed:
        actual = f"this stack's database is {existing.id}" if existing else "this stack has no database"
        warn(
            f"{key} is {settings.confirm_deletion}, but {actual}: the key has no effect. Remove it with "
            f"'pulumi config rm {key} --stack {stack}'"
        )
    if existing is None:
        return settings, settings.protect
    if not (changes := identity_changes(existing, settings)):
        if is_confirmed:
            warn(
                f"{key} allows the deletion of {existing.name} ({existing.id}): 'pulumi destroy' will delete it "
                f"without asking again. To undo this, run 'pulumi config rm {key} --stack {stack}' and 'pulumi up'"
            )
        return settings, settings.protect and not is_confirmed
    if not is_confirmed:
        from pulumi_d1.protection.guard import refuse_replacement

        pending = PendingDeletion(existing.id, existing.name, settings.migrations_table, rules_from(settings))
        refuse_replacement(pending, lambda: _connect(existing), changes)
        return settings, settings.protect
    if existing.confirmed != existing.id:
        warn(
            f"{key} allows the replacement of {existing.name} ({existing.id}). This run removes the protection and "
            "replaces nothing; the next 'pulumi up' exports the database and replaces it"
        )
        return existing.keep_identity(settings), False
    return settings, settings.protect


def _connect(database: StackDatabase) -> D1Api:
    from pulumi_d1.cloudflare.database import connect

    return connect(database.account_id, database.id, token=pulumi.Config("cloudflare").get("apiToken"))
