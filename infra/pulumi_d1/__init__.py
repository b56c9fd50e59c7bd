"""Cloudflare D1 databases as code: `from pulumi_d1 import D1Environment, stack_settings`.

The packages and modules, in the order in which data flows through them::

    settings      the configuration of a stack
    naming        names of databases, [project]-db-[environment], and of environments
    program/      the Pulumi resources: the only package that imports pulumi
    protection/   checks before a database is deleted, replaced or adopted
    migrations/   from SQL files to an up-to-date database: folder, plan, review, run, history
    row_tests/    tests of migrations with rows
    seeds/        rows from SQL files, for environments that are not production
    tables/       the rows of a database, read exactly and written as statements
    copying/      a new database with the schema and rows of another one
    backups/      copies of a database that outlive it, in a folder or an object store
    fleet/        the same migrations for many databases that no stack owns
    ephemeral/    temporary environments, such as those of pull requests, and their leftovers
    sqlite/       SQLite under D1's rules
    cloudflare/   Cloudflare's API: databases and accounts; nothing else sends requests
    wrangler/     the user's wrangler configuration and wrangler's local databases
    reports/      texts for users: previews, comments, tables
    scaffold/     `d1 init`: the program in an existing repository
    cli/          the d1 command
    testing       a fixture of pytest for tests of migrations
    system/       files and locks, templates, log, the user of a run, the garbage collector
    escaping      text of databases and files, made safe to print
    errors        the exceptions
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

        exports = {
            "D1Environment": environment.D1Environment,
            "Settings": Settings,
            "stack_settings": stack_settings.stack_settings,
        }
    return exports[name]
