"""One environment: a D1 database, its wrangler bindings, its migrations and its seeds."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_d1.program import tokens
from pulumi_d1.program.actions.inputs import SOURCE
from pulumi_d1.program.preparation import prepare
from pulumi_d1.program.resources.bindings import WranglerBindings
from pulumi_d1.program.resources.contents import D1Contents
from pulumi_d1.program.resources.copy import D1Copy, copy_source
from pulumi_d1.program.resources.database import D1Database, adoption_hint
from pulumi_d1.program.resources.migrations import D1Migrations
from pulumi_d1.program.resources.seeds import D1Seeds
from pulumi_d1.protection.decision import rules_from

if TYPE_CHECKING:
    from pulumi_d1.settings import Settings


class D1Environment(pulumi.ComponentResource):
    """The database of one environment, bound in the wrangler configuration, and migrated.

    Attributes:
        database: The D1 database.
        migrations: The migrations that were applied to it.
        outputs: The values for the stack to export.
    """

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        """Register the resources of one environment.

        Args:
            name: The component's name; its resources' names begin with it.

        Raises:
            pulumi.RunError: As `prepare`; nothing was registered.
        """
        prepared = prepare(name, settings)
        settings = prepared.settings
        super().__init__(tokens.ENVIRONMENT, name, None, opts)

        def child(**options: Any) -> pulumi.ResourceOptions:
            return pulumi.ResourceOptions(parent=self, **options)

        hooks = adoption_hint(name, settings.database_name, settings.environment) if prepared.is_new else None
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
            # Two databases cannot have one name, so the old one is deleted before its replacement is created.
            # Pulumi retains it, because D1Contents deletes it, after an export.
            opts=child(
                protect=prepared.protect,
                delete_before_replace=True,
                retain_on_delete=True,
                import_=prepared.import_id,
                hooks=hooks,
            ),
        )
        # Resources deleted before the database must run the deletion checks, so they store the rules for those.
        rules = rules_from(settings).as_json()
        database: dict[str, pulumi.Input[Any]] = {
            "account_id": settings.account_id,
            "database_id": self.database.id,
            "database_name": settings.database_name,
            "migrations_table": settings.migrations_table,
        }
        # Created right after the database, it is deleted right before it.
        contents = D1Contents(f"{name}-contents", {**database, "deletion": rules}, child())
        entries = [{**asdict(entry), "database_id": self.database.id} for entry in prepared.entries]
        self.bindings = [
            WranglerBindings(
                f"{name}-bindings{f'-{number}' if number > 1 else ''}",
                # The first is deleted with the database only. Another one is also deleted if its path is removed.
                {**entry, "account_id": settings.account_id, "deletion": rules if number == 1 else None},
                child(depends_on=[contents]),
            )
            for number, entry in enumerate(entries, start=1)
        ]
        copies = []
        if settings.copy_from:
            database[SOURCE] = copy_source(f"{name}-copy-source", settings.copy_from, child())
            copies.append(D1Copy(f"{name}-copy", database, child(depends_on=[contents])))
        database["deletion"] = rules
        # Created after the bindings, the migrations are deleted before them: a refused deletion leaves them in place.
        self.migrations = D1Migrations(
            f"{name}-migrations",
            database=database,
            files=prepared.files,
            folder=settings.migrations_dir,
            pattern=settings.migrations_pattern,
            options=settings.run_options,
            quarantine=settings.quarantined,
            opts=child(depends_on=[contents, *self.bindings, *copies]),
        )
        if prepared.seeds is not None:
            D1Seeds(
                f"{name}-seeds",
                database=database,
                files=prepared.seeds,
                folder=settings.seeds_dir,
                migrations_folder=settings.migrations_dir,
                migrations_pattern=settings.migrations_pattern,
                rehearsal=settings.run_options.rehearsal.as_json(),
                stop=settings.run_options.stop.as_json(),
                opts=child(depends_on=[self.migrations]),
            )
        self.outputs: dict[str, pulumi.Input[Any]] = {
            "environment": settings.environment,
            "account_id": settings.account_id,
            "database_name": settings.database_name,
            "database_id": self.database.id,
            "binding": settings.binding,
            "wrangler_entries": [entry for entry in entries if entry["path"]],
            "migrations_dir": settings.migrations_dir,
            "migrations_pattern": settings.migrations_pattern,
            "migrations_table": settings.migrations_table,
            "applied_migrations": self.migrations.applied,
            "last_migration": self.migrations.last_migration,
            "bookmark": self.migrations.bookmark,
            "restore_command": self.migrations.restore_command,
            # Its expiry is not stored: it counts from the last run, whose time Pulumi keeps even without changes.
            **({"ttl": settings.lifetime} if settings.lifetime else {}),
            **({"require_mask": True} if settings.require_mask else {}),
        }
        # Every run reads and sends each list in the state again, so the state keeps the applied files only once.
        self.register_outputs({name: value for name, value in self.outputs.items() if name != "applied_migrations"})
