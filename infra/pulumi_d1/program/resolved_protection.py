"""Whether this run may make the stack's database another one, and whether Pulumi itself protects it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pulumi

from pulumi_d1.protection.decision import changes, doomed_from, record
from pulumi_d1.protection.guard import look

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api
    from pulumi_d1.protection.decision import Owned
    from pulumi_d1.settings import Settings


def settled(settings: Settings, owned: Owned | None) -> tuple[Settings, bool]:
    """The settings to run with, and whether the resources are to be protected.

    A confirmation takes two runs to work: the first takes the protection off and writes down that it did, and changes
    nothing else. So what deletes needs no configuration, and a replaced database is protected from its first moment.

    Args:
        settings: of the stack.
        owned: what it has already.

    Raises:
        NotConfirmed: the database would be replaced, and nobody confirmed that.
    """
    key, stack = settings.key("confirmDeletion"), shlex.quote(settings.environment)
    confirmed = owned is not None and settings.confirm_deletion == owned.id
    if settings.confirm_deletion and not confirmed:
        has = f"the database of this stack is {owned.id}" if owned else "this stack has no database"
        pulumi.warn(
            f"{key} is {settings.confirm_deletion}, and {has}: the key does nothing, so take it out with "
            f"'pulumi config rm {key} --stack {stack}'"
        )
    if owned is None:
        return settings, settings.protect
    if not (changed := changes(owned, settings)):
        if confirmed:
            pulumi.warn(
                f"{owned.name} ({owned.id}) may be deleted, as {key} says: 'pulumi destroy' deletes it without asking "
                f"again. 'pulumi config rm {key} --stack {stack}' and 'pulumi up' take that back"
            )
        return settings, settings.protect and not confirmed
    if not confirmed:
        doomed = doomed_from(record(settings), owned.id, owned.name)
        found = look(lambda: _connect(owned), settings.migrations_table)
        if found is not None:
            doomed.refuse_replacement(found, changed)
        return settings, settings.protect
    if owned.released != owned.id:
        pulumi.warn(
            f"{owned.name} ({owned.id}) may be deleted, as {key} says. This run takes the protection off and replaces "
            "nothing; the next 'pulumi up' exports it and replaces it"
        )
        return owned.kept(settings), False
    return settings, settings.protect


def _connect(owned: Owned) -> D1Api:
    from pulumi_d1.cloudflare.database import connect
    from pulumi_d1.cloudflare.retry import Retry

    token = pulumi.Config("cloudflare").get("apiToken")
    return connect(owned.account_id, owned.id, token=token, retry=Retry(pulumi.info))
