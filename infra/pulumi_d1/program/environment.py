"""One environment: a D1 database, its migrations, its wrangler bindings."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_d1.program.actions.copy_source import SOURCE, inputs_of
from pulumi_d1.program.actions.fields import STACK
from pulumi_d1.program.preparation import prepare
from pulumi_d1.program.resources.bindings import WranglerBindings
from pulumi_d1.program.resources.copy import D1Copy
from pulumi_d1.program.resources.database import D1Database
from pulumi_d1.program.resources.migrations import D1Migrations
from pulumi_d1.program.resources.seeds import D1Seeds
from pulumi_d1.protection.decision import record
from pulumi_d1.protection.guard import DELETION

if TYPE_CHECKING:
    from pulumi_d1.settings import Settings


class D1Environment(pulumi.ComponentResource):
    """The database of one environment, bound in the wrangler configuration, and migrated.

    Attributes:
        database: the D1 database.
        migrations: what was applied to it.
        bindings: its entry in the wrangler configuration.
        outputs: what a stack exports.
    """

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        """Registers what `prepare` has read.

        Raises:
            pulumi.RunError: as `prepare` raises; nothing was registered.
        """
        found = prepare(name, settings)
        settings = found.settings
        super().__init__("d1:index:Environment", name, None, opts)

        def child(kind: str, **options: Any) -> pulumi.ResourceOptions:
            # What the children of our own program's component were called while a program could have only one.
            aliases = [pulumi.Alias(name=kind)] if name == "d1" else None
            return pulumi.ResourceOptions(parent=self, aliases=aliases, **options)

        self.database = D1Database(
            f"{name}-database",
            {
                "accountId": settings.account_id,
                "name": settings.database_name,
                "jurisdiction": settings.jurisdiction or None,
                "primaryLocationHint": settings.location_hint or None,
                # Left out, the provider sends null, which the API refuses (terraform-provider-cloudflare#6309).
                "readReplication": {"mode": settings.read_replication},
            },
            # Two databases can't have one name, so the old one goes before its replacement comes.
            opts=child("database", protect=found.protect, delete_before_replace=True, import_=found.adopted),
        )
        # What is deleted before the database has to know what is to be asked first. Pulumi's own flag would be in the
        # way there: what depends on a database can't lose it in the run that replaces the database.
        written = record(settings)
        bound = {**asdict(found.entry), "database_id": self.database.id}
        self.bindings = WranglerBindings(
            f"{name}-bindings",
            inputs={**bound, "account_id": settings.account_id, DELETION: written},
            opts=child("bindings"),
        )
        target: dict[str, pulumi.Input[Any]] = {
            "account_id": settings.account_id,
            "database_id": self.database.id,
            "database_name": settings.database_name,
            "migrations_table": settings.migrations_table,
        }
        copies = []
        if settings.copy_from:
            reference = pulumi.ResourceOptions(parent=self)
            target[SOURCE] = inputs_of(f"{name}-copy-source", settings.copy_from, reference)
            copies.append(D1Copy(f"{name}-copy", inputs=target, opts=child("copy")))
        target["migrations_dir"] = settings.migrations_dir
        target["migrations_pattern"] = settings.migrations_pattern
        target[DELETION] = written
        # Whatever else there is comes after the bindings, so that it goes before: a deletion that is refused has not
        # touched them.
        self.migrations = D1Migrations(
            f"{name}-migrations",
            files=found.files,
            inputs={
                **target,
                "retention_days": settings.retention_days,
                "on_failure": settings.on_failure,
                "policy": settings.policy,
                "quarantine": settings.quarantine,
                STACK: settings.environment,
            },
            opts=child("migrations", depends_on=[self.bindings, *copies]),
        )
        if found.seeds is not None:
            D1Seeds(
                f"{name}-seeds",
                files=found.seeds,
                inputs={**target, "seeds_dir": settings.seeds_dir},
                opts=child("seeds", depends_on=[self.migrations]),
            )
        self.outputs: dict[str, pulumi.Input[Any]] = {
            "environment": settings.environment,
            "account_id": settings.account_id,
            "database_name": settings.database_name,
            "database_id": self.database.id,
            "binding": settings.binding,
            "wrangler_entry": bound,
            "migrations_dir": settings.migrations_dir,
            "migrations_pattern": settings.migrations_pattern,
            "migrations_table": settings.migrations_table,
            "applied_migrations": self.migrations.applied,
            "last_migration": self.migrations.last_migration,
            "bookmark": self.migrations.bookmark,
            "restore_command": self.migrations.restore_command,
            # When it expires is not kept: the time of the last run is Pulumi's, and a run without changes has none.
            **({"ttl": settings.lifetime} if settings.lifetime else {}),
        }
        # Each list of files in the state is read again, and sent around, by every run: that of the resource is enough.
        self.register_outputs({name: value for name, value in self.outputs.items() if name != "applied_migrations"})
