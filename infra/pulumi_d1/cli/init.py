"""`d1 init`: add the Pulumi program to an existing Worker project."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.folder import migrations_folder
from pulumi_d1.scaffold import detection
from pulumi_d1.scaffold.project_files import (
    FileAction,
    ScaffoldFile,
    plan_change,
    program_files,
    remaining_changes,
    workflow_file,
)
from pulumi_d1.scaffold.stack_guesses import (
    common_project_name,
    entries_of_binding,
    guess_stacks,
    shared_config,
    stack_config,
)
from pulumi_d1.settings import read_settings
from pulumi_d1.system.files import write_atomically
from pulumi_d1.system.template import templates_folder
from pulumi_d1.wrangler import configuration_file
from pulumi_d1.wrangler.entry import WranglerEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pulumi_d1.scaffold.project_files import FileChange
    from pulumi_d1.scaffold.stack_guesses import GuessedStack
    from pulumi_d1.wrangler.worker import Worker


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder of the program.  [default: the current folder]",
)
@click.option("--config", metavar="FILE", default="", help="wrangler configuration.  [default: the one here]")
@click.option("--name", default="", help="Name of the project.  [default: the Worker's name]")
@click.option("--binding", default="", help="Binding to manage, if there are several.")
@click.option("--top-level", metavar="STACK", default="", help="Stack of the bindings outside all environments.")
@click.option("--workflows", is_flag=True, help="Add the GitHub workflows to .github/workflows.")
@click.option("--dry-run", is_flag=True, help="Show the changes and write nothing.")
def init(  # noqa: PLR0913 - click's signature: an argument for each option
    *, folder: Path, config: str, name: str, binding: str, top_level: str, workflows: bool, dry_run: bool
) -> None:
    r"""Add the Pulumi program to a Worker project.

    Run it in the folder of the wrangler configuration. Reads the project's name, the databases and their ids, and the
    layout of the migrations from it; the first 'pulumi up' adopts these databases. Changes neither configuration nor
    migrations, and overwrites no file. Safe to repeat.

    The top-level database becomes production's, unless an environment for production exists or the database's name
    contradicts it.

    \b
    Examples:
      d1 init --dry-run
      d1 init --workflows
      d1 init --dir database --top-level dev
    """
    path = Path(config or configuration_file.configuration_path(""))
    worker = configuration_file.read_worker(str(path))
    project = name or detection.project_name(worker, path.parent)
    entries = [
        detection.with_migrations(detection.with_database_name(entry, worker), path, folder)
        for entry in entries_of_binding(worker.entries, binding)
    ]
    stacks = guess_stacks(worker, entries, top_level)
    layout = detection.with_migrations(WranglerEntry(str(path), "", binding or "DB"), path, folder)
    is_found = not config and path.resolve().parent == folder.resolve()
    if hint := configuration_file.ignored_files_hint(config):
        click.echo(f"warning: {hint}", err=True)
    wrangler_config = "" if is_found else detection.relative_path(path, folder)
    shared, own = _keys(project, worker, stacks, layout, wrangler_config)
    changes = remaining_changes(_changes(folder, _program(folder, project, shared, own)))
    if workflows:
        changes += _changes(detection.repository_root(folder) / ".github" / "workflows", _workflows(folder))
    _refuse_conflicts(changes)
    for hint in _hints(folder, shared, own):
        click.echo(f"warning: {hint}", err=True)
    for line in _summary(path, stacks, project, shared):
        click.echo(line)
    for item in changes:
        click.echo(f"  {item.action.value:8}{item.path}")
        if not dry_run:
            _write(item)
    if dry_run:
        click.echo("dry run: nothing was written")
    elif all(item.action is FileAction.KEEP for item in changes):
        click.echo("nothing was written: the project exists, and its Pulumi.<stack>.yaml are yours to edit")
    else:
        click.echo("\n".join(_next_steps(folder, worker, stacks)))


def _keys(
    project: str, worker: Worker, stacks: Sequence[GuessedStack], layout: WranglerEntry, wrangler_config: str
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Return the configuration keys of all stacks, and those of each stack. `pulumi up` accepts them.

    Args:
        layout: Binding and migrations for a project whose stacks have no database yet.
        wrangler_config: The wrangler configuration; empty if the program finds it itself.

    Raises:
        ConfigError: A name in the repository is not allowed here.
    """
    shared = shared_config(stacks, layout, worker.account_id, wrangler_config)
    prefix = common_project_name(stacks)
    if prefix not in {"", project}:
        shared["projectName"] = prefix
    own = {stack.name: stack_config(stack, shared, prefix or project) for stack in stacks}
    for stack, keys in own.items():
        full = {f"{project}:{key}": value for key, value in {**shared, **keys}.items()}
        read_settings(full, environment=stack, project=project, account_id=worker.account_id or "none")
    return dict(sorted(shared.items())), own


def _program(
    folder: Path, project: str, shared: dict[str, str], own: dict[str, dict[str, str]]
) -> Iterator[ScaffoldFile]:
    """Yield the files of the program, and a migrations folder if it does not exist."""
    yield from program_files(project, detection.virtualenv_path(folder), shared, own, version("pulumi-d1"))
    folders = {keys.get("migrationsDir", shared.get("migrationsDir")) or "migrations" for keys in own.values()}
    for migrations in sorted(folders):
        if not (folder.resolve() / migrations).resolve().is_dir():
            yield ScaffoldFile(f"{migrations}/.gitkeep", "")


def _hints(folder: Path, shared: Mapping[str, str], own: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Yield lines about files in the folders of the migrations that do not count."""
    layouts = {
        tuple({**shared, **keys}.get(key, "") for key in ("migrationsDir", "migrationsPattern"))
        for keys in own.values()
    }
    for migrations, pattern in sorted(layouts):
        yield from migrations_folder(migrations or "migrations", pattern, folder).hints()


def _workflows(program: Path) -> Iterator[ScaffoldFile]:
    path = detection.relative_path(program, detection.repository_root(program))
    virtualenv = detection.virtualenv_path(program)
    for file in sorted((templates_folder() / "workflows").glob("*.yml")):
        yield workflow_file(file.name, file.read_text(), path, virtualenv)


def _changes(folder: Path, files: Iterator[ScaffoldFile]) -> list[FileChange]:
    """Return the change of each file, with its path relative to the current folder."""
    changes = []
    for file in files:
        path = folder / file.path
        present = path.read_bytes().decode() if path.exists() else None
        changes.append(replace(plan_change(file, present), path=detection.relative_path(path, Path())))
    return changes


def _refuse_conflicts(changes: Sequence[FileChange]) -> None:
    if paths := [item.path for item in changes if item.action is FileAction.CONFLICT]:
        raise ConfigError(
            f"nothing was written: {', '.join(paths)} {'exists' if len(paths) == 1 else 'exist'} with another content. "
            "Move the existing files, or choose another folder for the program with --dir. An existing Pulumi program "
            "can import the component instead: docs/component.md"
        )


def _write(item: FileChange) -> None:
    if item.action in {FileAction.CREATE, FileAction.ADD}:
        path = Path(item.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, item.text, mode=0o644)


def _summary(path: Path, stacks: Sequence[GuessedStack], project: str, shared: Mapping[str, str]) -> Iterator[str]:
    """Yield the place of the migrations, and the wrangler environment of each stack."""
    yield f"project {project}, {path}:"
    yield f"  migrations: {shared.get('migrationsPattern') or shared.get('migrationsDir', 'migrations') + '/*.sql'}"
    for stack in stacks:
        entry = stack.entry
        if stack.shared_entry:
            effect = (
                f"a new database, once {stack.shared_entry} no longer names the database of another stack; change or "
                "delete the entry first"
            )
        elif entry is None:
            effect = f"a new database, for the wrangler environment {stack.environment}"
        elif entry.database_id:
            effect = f"adopts {entry.database_name} ({entry.database_id}), {entry}"
        else:
            effect = f"a new database, for {entry}"
        yield f"  stack {stack.name}: {effect}"


def _next_steps(folder: Path, worker: Worker, stacks: Sequence[GuessedStack]) -> Iterator[str]:
    """Yield the next commands, for the first stack that has a database, or else the first one."""
    adopting = next((stack for stack in stacks if stack.entry and stack.entry.database_id), None)
    stack = (adopting or stacks[0]).name
    missing = [
        name
        for name, value in (("CLOUDFLARE_API_TOKEN", ""), ("CLOUDFLARE_ACCOUNT_ID", worker.account_id))
        if not value and not os.environ.get(name)
    ]
    yield "\nNext:"
    if folder.resolve() != Path.cwd().resolve():
        yield f"  cd {folder.as_posix()}"
    if not shutil.which("pulumi"):
        yield "  install Pulumi: https://www.pulumi.com/docs/install/"
    if missing:
        yield f"  export {' '.join(f'{name}=...' for name in missing)}"
    yield f"  pulumi stack init {stack}"
    if adopting:
        yield f"  d1 baseline --stack {stack}    only if the database has tables but no ledger"
    yield f"  pulumi preview --stack {stack}    {'imports the database' if adopting else 'shows the first run'}"
    yield f"  pulumi up --stack {stack}"
    if others := [item.name for item in stacks if item.name != stack]:
        yield f"then 'pulumi stack init' and 'pulumi up' for {', '.join(others)}"
