"""Read and check everything that an environment needs, before the program registers anything."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi

from pulumi_d1.errors import ApiError, ConfigError, NotConfirmed
from pulumi_d1.migrations.folder import migrations_folder
from pulumi_d1.migrations.run.request import make_request
from pulumi_d1.naming import is_production
from pulumi_d1.program.import_id import find_import_id
from pulumi_d1.program.pulumi_sdk import end_with_engine, refusal, warn
from pulumi_d1.program.resolved_protection import resolve_protection
from pulumi_d1.program.stack_database import read_bound_id, read_stack_database
from pulumi_d1.seeds.changes import read_seeds
from pulumi_d1.system.log import show_messages
from pulumi_d1.wrangler.bindings_file import is_bindings_file
from pulumi_d1.wrangler.configuration_file import (
    accepts_environment,
    check_put,
    configuration_path,
    has_worker_previews,
    ignored_files_hint,
    refuse_foreign,
    remote_hint,
)
from pulumi_d1.wrangler.entry import WORKER_PREVIEWS, WranglerEntry

if TYPE_CHECKING:
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.pattern import Pattern
    from pulumi_d1.settings import BindingPlace, Settings


@dataclass(frozen=True, slots=True)
class PreparedEnvironment:
    """Everything that the component registers.

    Attributes:
        settings: The stack's settings; those of its database, if this run only removes the protection.
        protect: Whether Pulumi protects the database.
        is_new: Whether this run creates the database.
        import_id: Id of an existing database to import; None if there is none.
        seeds: The files of the seeds folder; None if the stack has none.
        entries: The entry of each wrangler configuration, without the database's id. Its path is empty for no binding.
    """

    settings: Settings
    protect: bool
    is_new: bool
    import_id: str | None
    files: tuple[Migration, ...]
    seeds: tuple[Migration, ...] | None
    entries: tuple[WranglerEntry, ...]


def prepare(name: str, settings: Settings) -> PreparedEnvironment:
    """Read every file and the stack's state, so that a mistake leaves nothing half done.

    Raises:
        pulumi.RunError: A file is missing or wrong, or the stack's database would be replaced. Pulumi prints the
            message without a traceback.
    """
    show_messages(pulumi.info)
    end_with_engine()
    try:
        folder = migrations_folder(settings.migrations_dir, settings.migrations_pattern)
        with ThreadPoolExecutor(1) as pool:  # while the engine reads the state
            reading = pool.submit(folder.read)
            existing = read_stack_database(name, settings.database_name)
        files = reading.result()
        settings.run_options.stop.check([file.name for file in files])
        settings, protect = resolve_protection(settings, existing)
        hints = [*folder.hints(), ignored_files_hint(settings.binding_places[0].path)]
        for file in files:
            make_request(file, settings.migrations_dir, settings.migrations_table)
        places = settings.binding_places if settings.is_bound else settings.binding_places[:1]
        entries = tuple(wrangler_entry(settings, place, folder.pattern) for place in places)
        for entry in entries:
            if entry.path:
                check_put(entry)
                hints.append(remote_hint(entry) if settings.protect or is_production(settings.environment) else "")
                _refuse_shared(name, entry, {settings.adopt, existing.id if existing else ""})
            elif settings.is_bound:
                hints.append(
                    f"no binding is written: a Pages project has no environment '{entry.environment}'. To write one, "
                    "run 'pulumi config set wranglerEnvironment preview'"
                )
        seeds = _read_seeds(settings)
        import_id = find_import_id(settings, existing)
    except (ApiError, ConfigError, NotConfirmed) as error:
        raise refusal(str(error)) from None
    for hint in filter(None, hints):
        warn(hint)
    is_new = existing is None and import_id is None
    return PreparedEnvironment(settings, protect, is_new, import_id, files, seeds, entries)


def _read_seeds(settings: Settings) -> tuple[Migration, ...] | None:
    """Read the seeds; None if the stack has none. The default folder may be missing.

    Raises:
        ConfigError: The folder is missing, or a file is wrong.
    """
    if not settings.seeds_dir or not (settings.seeds or Path(settings.seeds_dir).is_dir()):
        return None
    files = read_seeds(settings.seeds_dir)
    for file in files:
        make_request(file, settings.seeds_dir, "")
    return files


def _refuse_shared(name: str, entry: WranglerEntry, ours: set[str]) -> None:
    """Refuse an entry with the database of another stack, before this stack's database is created or imported.

    Raises:
        ConfigError: The entry has the id of a database that this stack never had.
    """
    try:
        refuse_foreign(entry, ours)
    except ConfigError:
        # After a deletion or a replacement, the file still has the id that the state has for the binding.
        refuse_foreign(entry, {*ours, read_bound_id(name)})


def wrangler_entry(settings: Settings, place: BindingPlace, pattern: Pattern) -> WranglerEntry:
    """Return the entry of a wrangler configuration, with an empty path for a stack without a binding.

    Its other paths are relative to the configuration's folder. Unless its settings name an environment, an ephemeral
    stack of a Pages project has no binding, since wrangler accepts no further environments there, and one of a Worker
    with a `previews` block has it there.
    """
    path = configuration_path(place.path)
    environment = place.environment
    chosen = settings.wrangler_environment or not settings.lifetime
    is_bound = settings.is_bound and (chosen or accepts_environment(path, environment))
    if is_bindings_file(path):
        environment = settings.environment
    elif is_bound and not chosen and has_worker_previews(path):
        environment = WORKER_PREVIEWS
    folder = Path(os.path.relpath(settings.migrations_dir, Path(path).parent)).as_posix()
    return WranglerEntry(
        path=path if is_bound else "",
        environment=environment,
        binding=place.binding,
        database_name=settings.database_name,
        database_id="known after the database is created",
        migrations_dir=folder,
        migrations_table=settings.migrations_table,
        migrations_pattern=f"{folder}/{pattern.inside}" if settings.migrations_pattern else "",
        worker=settings.project_name,
    )
