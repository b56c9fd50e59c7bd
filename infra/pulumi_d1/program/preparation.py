"""What one environment is made of: read, and checked, before the program registers anything."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi

from pulumi_d1.errors import ApiError, ConfigError, NotConfirmed
from pulumi_d1.migrations.folder import layout_hint, read_folder
from pulumi_d1.migrations.pattern import make_pattern
from pulumi_d1.migrations.run.request import make_request
from pulumi_d1.program.import_id import import_id
from pulumi_d1.program.resolved_protection import settled
from pulumi_d1.program.stack_database import owned_database
from pulumi_d1.seeds.changes import read_seeds
from pulumi_d1.system.log import show_messages
from pulumi_d1.wrangler.configuration_file import check_put, configuration_path, ignored_files_hint, refuse_foreign
from pulumi_d1.wrangler.entry import WranglerEntry

if TYPE_CHECKING:
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.pattern import Pattern
    from pulumi_d1.settings import Settings


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is registered.

    Attributes:
        settings: to run with: those of the stack, or for a run that only takes the protection off, of its database.
        protect: whether Pulumi is to protect the database.
        adopted: id of a database to import in place of creating one; None for none.
        files: the migrations.
        seeds: the files of the seeds' folder; None where the stack has none.
        entry: The entry of the wrangler configuration, without the database's id.
    """

    settings: Settings
    protect: bool
    adopted: str | None
    files: tuple[Migration, ...]
    seeds: tuple[Migration, ...] | None
    entry: WranglerEntry


def prepare(name: str, settings: Settings) -> Prepared:
    """Reads every file, and asks what the stack has, so that a mistake leaves nothing half done.

    Args:
        name: of the component.
        settings: of the stack.

    Raises:
        pulumi.RunError: a file is missing or not what it should be, or the stack's database would be replaced; Pulumi
            shows the message without a traceback.
    """
    show_messages(pulumi.info)
    try:
        folder = Path(settings.migrations_dir)
        pattern = make_pattern(settings.migrations_dir, settings.migrations_pattern)
        with ThreadPoolExecutor(1) as reader:  # while the engine reads the state
            reading = reader.submit(read_folder, folder, pattern)
            owned = owned_database(name)
        files = reading.result()
        settings, protect = settled(settings, owned)
        hints = [layout_hint(folder, pattern, settings.migrations_dir), ignored_files_hint(settings.wrangler_config)]
        for file in files:
            make_request(file, settings.migrations_dir, settings.migrations_table)
        entry = _entry(settings, pattern)
        check_put(entry)
        seeds = _seeds(settings)
        adopted = import_id(settings, owned)
        if adopted:
            # A database that comes with rows must not end up in the state without what asks before it is deleted.
            refuse_foreign(entry, {settings.adopt})
    except (ApiError, ConfigError, NotConfirmed) as error:
        raise pulumi.RunError(str(error)) from None
    for hint in filter(None, hints):
        pulumi.warn(hint)
    return Prepared(settings, protect, adopted, files, seeds, entry)


def _seeds(settings: Settings) -> tuple[Migration, ...] | None:
    """The files of the seeds' folder; None where the stack has none, and nobody said that it had.

    Raises:
        ConfigError: the folder is not there, or a file is not what it should be.
    """
    if not settings.seeds_dir or not (settings.seeds or Path(settings.seeds_dir).is_dir()):
        return None
    files = read_seeds(settings.seeds_dir)
    for file in files:
        make_request(file, settings.seeds_dir, "")
    return files


def _entry(settings: Settings, pattern: Pattern) -> WranglerEntry:
    """Return the entry of the wrangler configuration. Its paths are relative to the configuration's folder."""
    path = configuration_path(settings.wrangler_config)
    folder = Path(os.path.relpath(settings.migrations_dir, Path(path).parent)).as_posix()
    return WranglerEntry(
        path=path,
        environment=settings.binding_environment,
        binding=settings.binding,
        database_name=settings.database_name,
        database_id="known after the database is created",
        migrations_dir=folder,
        migrations_table=settings.migrations_table,
        migrations_pattern=f"{folder}/{pattern.inside}" if settings.migrations_pattern else "",
        worker=settings.project_name,
    )
