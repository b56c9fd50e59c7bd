"""`d1 init`: the program in a Worker project that is there already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pulumi_d1.scaffold.project_files import Change, File
    from pulumi_d1.scaffold.stack_guesses import Stack
    from pulumi_d1.wrangler.entry import WranglerEntry
    from pulumi_d1.wrangler.worker import Worker


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder for the program.  [default: this one]",
)
@click.option("--config", metavar="FILE", default="", help="wrangler configuration.  [default: the one of this folder]")
@click.option("--name", default="", help="Name of the project.  [default: the Worker's]")
@click.option("--binding", default="", help="Which binding to manage, where there are several.")
@click.option("--top-level", metavar="STACK", default="", help="Stack of the bindings outside of every environment.")
@click.option("--workflows", is_flag=True, help="Add the GitHub workflows, to .github/workflows.")
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
def init(*, folder: Path, config: str, workflows: bool, dry_run: bool, **given: str) -> None:
    r"""Add the Pulumi program to a Worker project.

    Run it where the wrangler configuration is. That tells the project's name, the databases with their ids, and where
    the migrations are and how they lie; the first 'pulumi up' adopts these databases. Configuration and migrations
    stay as they are, and no file is overwritten. Run again, it changes nothing.

    The database of the top level is taken for production's, unless there is an environment for that, or the
    database's name says something else.

    \b
    Examples:
      d1 init --dry-run
      d1 init --workflows
      d1 init --dir database --top-level dev
    """
    from pulumi_d1.scaffold import detection as found
    from pulumi_d1.scaffold.project_files import Fate, unfinished
    from pulumi_d1.scaffold.stack_guesses import one_binding, stacks_of
    from pulumi_d1.wrangler import configuration_file as wrangler_file
    from pulumi_d1.wrangler.entry import WranglerEntry

    path = Path(config or wrangler_file.configuration_path(""))
    worker = wrangler_file.read_worker(str(path))
    project = given["name"] or found.project_name(worker, path.parent)
    entries = [
        found.placed(found.named(entry, worker), path, folder)
        for entry in one_binding(worker.entries, given["binding"])
    ]
    stacks = stacks_of(worker, entries, given["top_level"])
    layout = found.placed(WranglerEntry(str(path), "", given["binding"] or "DB"), path, folder)
    finds_it = not config and path.resolve().parent == folder.resolve()
    if hint := wrangler_file.ignored_files_hint(config):
        click.echo(f"warning: {hint}", err=True)
    shared, own = _keys(project, worker, stacks, layout, "" if finds_it else found.relative(path, folder))
    changes = unfinished(_changes(folder, _program(folder, project, shared, own)))
    if workflows:
        changes += _changes(found.repository_root(folder) / ".github" / "workflows", _workflows(folder))
    _refuse_conflicts(changes)
    click.echo("\n".join(_summary(path, stacks, project, shared)))
    for item in changes:
        click.echo(f"  {item.fate.value:8}{item.path}")
        if not dry_run:
            _write(item)
    if dry_run:
        click.echo("nothing is written: this is a dry run")
    elif all(item.fate is Fate.KEEP for item in changes):
        click.echo("nothing is written: the project is there, and its Pulumi.<stack>.yaml are yours to change")
    else:
        click.echo("\n".join(_next(folder, worker, stacks)))


def _keys(
    project: str, worker: Worker, stacks: Sequence[Stack], layout: WranglerEntry, config: str
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Keys for every stack, and for each, as 'pulumi up' would take them.

    Args:
        project: its name.
        worker: what the wrangler configuration tells.
        stacks: of the project.
        layout: binding and migrations where no stack has a database yet.
        config: the wrangler configuration where the program has to be told.

    Raises:
        ConfigError: something that is called by a name of the repository's can't be called so.
    """
    from pulumi_d1.scaffold.stack_guesses import common_prefix, shared_config, stack_config
    from pulumi_d1.settings import read_settings

    shared = shared_config(stacks, layout, worker.account_id, config)
    prefix = common_prefix(stacks)
    if prefix not in {"", project}:
        shared["projectName"] = prefix
    own = {stack.name: stack_config(stack, shared, prefix or project) for stack in stacks}
    for stack, keys in own.items():
        full = {f"{project}:{key}": value for key, value in {**shared, **keys}.items()}
        read_settings(full, environment=stack, project=project, account_id=worker.account_id or "none")
    return dict(sorted(shared.items())), own


def _program(folder: Path, project: str, shared: dict[str, str], own: dict[str, dict[str, str]]) -> Iterator[File]:
    """The files of the program, and a folder of migrations where there is none."""
    from importlib.metadata import version

    from pulumi_d1.scaffold import detection as found
    from pulumi_d1.scaffold import project_files as files

    yield from files.program(project, found.virtualenv(folder), shared, own, version("pulumi-d1"))
    folders = {keys.get("migrationsDir", shared.get("migrationsDir")) or "migrations" for keys in own.values()}
    for migrations in sorted(folders):
        if not (folder.resolve() / migrations).resolve().is_dir():
            yield files.File(f"{migrations}/.gitkeep", "")


def _workflows(program: Path) -> Iterator[File]:
    from pulumi_d1.scaffold import detection as found
    from pulumi_d1.scaffold.project_files import workflow
    from pulumi_d1.system.template import folder

    place, virtualenv = found.relative(program, found.repository_root(program)), found.virtualenv(program)
    for file in sorted((folder() / "workflows").glob("*.yml")):
        yield workflow(file.name, file.read_text(), place, virtualenv)


def _changes(folder: Path, files: Iterator[File]) -> list[Change]:
    """What becomes of each file, with its path from here."""
    from dataclasses import replace

    from pulumi_d1.scaffold.detection import relative
    from pulumi_d1.scaffold.project_files import change

    changes = []
    for file in files:
        path = folder / file.path
        present = path.read_bytes().decode() if path.exists() else None
        changes.append(replace(change(file, present), path=relative(path, Path())))
    return changes


def _refuse_conflicts(changes: Sequence[Change]) -> None:
    from pulumi_d1.errors import ConfigError
    from pulumi_d1.scaffold.project_files import Fate

    if paths := [item.path for item in changes if item.fate is Fate.CONFLICT]:
        raise ConfigError(
            f"nothing is written: {', '.join(paths)} {'is' if len(paths) == 1 else 'are'} there already, and would not "
            "be the same. Move what is in the way, or give the program a folder of its own with --dir; another Pulumi "
            "program can import the component instead: see docs/component.md"
        )


def _write(item: Change) -> None:
    from pulumi_d1.scaffold.project_files import Fate
    from pulumi_d1.system.files import write_atomically

    if item.fate in {Fate.CREATE, Fate.ADD}:
        path = Path(item.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, item.text, mode=0o644)


def _summary(path: Path, stacks: Sequence[Stack], project: str, shared: Mapping[str, str]) -> Iterator[str]:
    """Which environment of the configuration becomes which stack, and where the migrations are."""
    yield f"project {project}, {path}:"
    yield f"  migrations: {shared.get('migrationsPattern') or shared.get('migrationsDir', 'migrations') + '/*.sql'}"
    for stack in stacks:
        entry = stack.entry
        if stack.borrows:
            what = (
                f"a new database, once {stack.borrows} no longer names that of another stack; change or delete the "
                "entry first"
            )
        elif entry is None:
            what = f"a new database, for the wrangler environment {stack.environment}"
        elif entry.database_id:
            what = f"adopts {entry.database_name} ({entry.database_id}), {entry}"
        else:
            what = f"{entry}, which names no database that exists yet"
        yield f"  stack {stack.name}: {what}"


def _next(folder: Path, worker: Worker, stacks: Sequence[Stack]) -> Iterator[str]:
    """The commands that come now, for the first stack that has a database, or else the first."""
    import os
    import shutil

    adopting = next((stack for stack in stacks if stack.entry and stack.entry.database_id), None)
    stack = (adopting or stacks[0]).name
    missing = [
        name
        for name, known in (("CLOUDFLARE_API_TOKEN", ""), ("CLOUDFLARE_ACCOUNT_ID", worker.account_id))
        if not known and not os.environ.get(name)
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
        yield f"  d1 baseline --stack {stack}    only where its tables are older than its ledger"
    yield f"  pulumi preview --stack {stack}    {'imports the database' if adopting else 'what would run'}"
    yield f"  pulumi up --stack {stack}"
    if others := [item.name for item in stacks if item.name != stack]:
        yield f"and then 'pulumi stack init' and 'pulumi up' for {', '.join(others)}"
