"""Cloudflare D1 databases as code: `from pulumi_d1 import D1Environment, stack_settings`.

The packages and modules, in the order in which data flows through them::

    settings      what a stack can be configured with
    naming        [project]-db-[environment]
    program/      the Pulumi resources: the only package that imports pulumi
    protection/   whether a database may be deleted, replaced or adopted
    migrations/   SQL files to an up-to-date database: folder, plan, review, run, history
    seeds/        rows from SQL files, for environments that are not production
    copying/      a database's schema and rows in a new one
    fleet/        the same migrations for many databases, which no stack owns
    ephemeral/    environments that come and go, and their leftovers
    sqlite/       SQLite under D1's rules
    cloudflare/   the only door to the world: databases and accounts behind Cloudflare's API
    wrangler/     the user's wrangler configuration and wrangler's local databases
    reports/      what users read: previews, comments, tables
    scaffold/     the program in someone else's repository: what `d1 init` finds and writes
    cli/          the d1 command
    system/       files and locks, templates, who runs this, the garbage collector
    errors        the tree of exceptions
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_d1.program.environment import D1Environment
    from pulumi_d1.program.stack_settings import stack_settings
    from pulumi_d1.settings import Settings

__all__ = ["D1Environment", "Settings", "stack_settings"]


def __getattr__(name: str) -> Any:
    # `d1 --help` and the emulator import this package too, and need no Pulumi.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pulumi_d1.system.garbage import frozen_imports

    with frozen_imports():
        from pulumi_d1.program import environment, stack_settings
        from pulumi_d1.settings import Settings

        found = {
            "D1Environment": environment.D1Environment,
            "Settings": Settings,
            "stack_settings": stack_settings.stack_settings,
        }
    return found[name]
