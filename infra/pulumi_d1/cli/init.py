"""`d1 init`: add the Pulumi program to an existing Worker project."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import sys
from dataclasses import replace
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pulumi_d1.cli.support.init_choices import choose_binding, choose_configuration, choose_stacks
from pulumi_d1.cli.support.output import say
from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.folder import migrations_folder
from pulumi_d1.scaffold import detection
from pulumi_d1.scaffold.next_steps import Surroundings, next_steps, notes
from pulumi_d1.scaffold.origin import PACKAGE, VENDOR, parse_origin
from pulumi_d1.scaffold.project_files import (
    PROJECT,
    FileAction,
    ScaffoldFile,
    for_stacks,
    plan_change,
    program_files,
    remaining_changes,
    workflow_file,
)
from pulumi_d1.scaffold.stack_guesses import (
    common_project_name,
    entries_of_binding,
    shared_config,
    short_project_name,
    stack_config,
)
from pulumi_d1.scaffold.summary import summary_lines
from pulumi_d1.settings import TOP_LEVEL, read_settings
from pulumi_d1.system.files import prefix_errors, write_atomically
from pulumi_d1.system.packaged import packaged_folder
from pulumi_d1.system.template import render
from pulumi_d1.wrangler import bindings_file, configuration_file
from pulumi_d1.wrangler.entry import WranglerEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pulumi_d1.scaffold.origin import Origin
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
@click.option("--top-level", metavar="STACK", default="", help="Stack of the top level; none leaves it alone.")
@click.option("--production", metavar="ENVIRONMENT", default="", help="wrangler environment of production.")
@click.option("--workflows", is_flag=True, help="Add the GitHub workflows to .github/workflows.")
@click.option("--agents", is_flag=True, help="Add a skill for coding agents to .claude/skills.")
@click.option("--dry-run", is_flag=True, help="Show the changes and write nothing.")
def init(  # noqa: PLR0913 - click's signature: an argument for each option
    *,
    folder: Path,
    config: str,
    name: str,
    binding: str,
    top_level: str,
    production: str,
    workflows: bool,
    agents: bool,
    dry_run: bool,
) -> None:
    r"""Add the Pulumi program to a Worker project.

    Run it in the folder of the wrangler configuration. Reads the project's name, the databases and their ids, and the
    layout of the migrations from it; the first 'pulumi up' adopts these databases. Changes neither configuration nor
    migrations, and overwrites no file. Safe to repeat.

    Names decide which environment is production: prod, production, live, main or mainnet as a word. The top-level
    database becomes production's, unless an environment for production exists or the database's name contradicts it.
    On a terminal, the command asks if it is in doubt; otherwise it prints what it assumes.

    \b
    Examples:
      d1 init --dry-run
      d1 init --workflows --agents
      d1 init --dir database --top-level dev
    """
    path = choose_configuration(config)
    worker = configuration_file.read_worker(str(path))
    project = name or detection.project_name(worker, path.parent)
    binding = binding or choose_binding(worker)
    entries = [
        detection.with_migrations(detection.with_database_name(entry, worker), path, folder)
        for entry in entries_of_binding(worker.entries, binding)
    ]
    asks = sys.stdin.isatty() and not (folder / PROJECT).exists()
    stacks = choose_stacks(worker, entries, top_level, production, asks=asks)
    if bindings_file.is_bindings_file(str(path)):  # its entries have the stacks' names
        stacks = tuple(replace(stack, environment=stack.name) for stack in stacks)
    layout = detection.with_migrations(WranglerEntry(str(path), "", binding or "DB"), path, folder)
    is_found = not config and path.resolve().parent == folder.resolve()
    wrangler_config = "" if is_found else detection.relative_path(path, folder)
    shared, own = _keys(project, worker, stacks, layout, wrangler_config)
    for stack, listed in _shared_configurations(path, folder, stacks).items():
        own[stack]["wranglerConfig"] = listed
    origin = _origin()
    changes = remaining_changes(_changes(folder, _program(folder, project, shared, own, origin)))
    root = detection.repository_root(folder)
    changes += _changes(root / ".github" / "workflows", _workflows(folder, stacks) if workflows else ())
    changes += _changes(root / ".claude" / "skills", _skill(stacks, shared) if agents else ())
    _refuse_conflicts(changes)
    for hint in filter(None, [configuration_file.ignored_files_hint(config), *_hints(folder, shared, own)]):
        say(f"warning: {hint}", err=True)
    say("\n".join(summary_lines(project, path.as_posix(), worker, stacks, shared)))
    for item in changes:
        say(f"  {item.action.value:8}{item.path}")
        if not dry_run:
            _write(item)
    if dry_run:
        say("dry run: nothing was written")
    elif all(item.action is FileAction.KEEP for item in changes):
        say("nothing was written: the project exists, and its Pulumi.<stack>.yaml are yours to edit")
    else:
        here = _surroundings(folder, worker, origin)
        say("\n".join(["\nNext:", *(f"  {step}" for step in next_steps(here, worker, stacks)), ""]))
        for note in notes(here, stacks):
            say(note)


def _shared_configurations(path: Path, folder: Path, stacks: Sequence[GuessedStack]) -> dict[str, str]:
    """Return the key wranglerConfig of each stack whose database other configurations of the repository name too."""
    ids = {stack.entry.database_id: stack.name for stack in stacks if stack.entry and stack.entry.database_id}
    places: dict[str, list[str]] = {}
    for entry in detection.sibling_entries(path, ids):
        place = f"{detection.relative_path(Path(entry.path), folder)}#{entry.binding}@{entry.environment or TOP_LEVEL}"
        places.setdefault(ids[entry.database_id], [detection.relative_path(path, folder)]).append(place)
    return {stack: ", ".join(listed) for stack, listed in places.items()}


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
    prefix = common_project_name(stacks) or short_project_name(project)
    if prefix != project:
        shared["projectName"] = prefix
    own = {stack.name: stack_config(stack, shared, prefix) for stack in stacks}
    for stack, keys in own.items():
        full = {f"{project}:{key}": value for key, value in {**shared, **keys}.items()}
        read_settings(full, environment=stack, project=project, account_id=worker.account_id or "none")
    return dict(sorted(shared.items())), own


def _program(
    folder: Path, project: str, shared: dict[str, str], own: dict[str, dict[str, str]], origin: Origin
) -> Iterator[ScaffoldFile]:
    """Yield the files of the program, and a migrations folder if it does not exist."""
    if origin.file:
        yield ScaffoldFile(f"{VENDOR}/{origin.file.name}", _read_archive(origin.file, origin.sha256))
    yield from program_files(project, detection.virtualenv_path(folder), shared, own, origin.requirement)
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


def _workflows(program: Path, stacks: Sequence[GuessedStack]) -> Iterator[ScaffoldFile]:
    path = detection.relative_path(program, detection.repository_root(program))
    virtualenv = detection.virtualenv_path(program)
    for file in sorted((packaged_folder("templates") / "workflows").glob("*.yml")):
        text = for_stacks(file.read_text(), [stack.name for stack in stacks], [s.name for s in stacks if s.protected])
        yield workflow_file(file.name, text, path, virtualenv)


def _skill(stacks: Sequence[GuessedStack], shared: Mapping[str, str]) -> Iterator[ScaffoldFile]:
    """Yield what coding agents need to know, with the lint rules."""
    from pulumi_d1.migrations.review.lint.check import RULES

    folder = shared.get("migrationsDir", "migrations")
    text = render("agents/SKILL.md.j2", {}, stack=stacks[0].name, migrations=folder, rules=RULES)
    yield ScaffoldFile("d1-migrations/SKILL.md", text)


def _changes(folder: Path, files: Iterable[ScaffoldFile]) -> list[FileChange]:
    """Return the change of each file, with its path relative to the current folder."""
    changes = []
    for file in files:
        path = folder / file.path
        shown = detection.relative_path(path, Path())
        with prefix_errors(shown):
            change = plan_change(file, path.read_bytes() if path.exists() else None)
        changes.append(replace(change, path=shown))
    return changes


def _refuse_conflicts(changes: Sequence[FileChange]) -> None:
    if paths := [item.path for item in changes if item.action is FileAction.CONFLICT]:
        raise ConfigError(
            f"nothing was written: {', '.join(paths)} {'exists' if len(paths) == 1 else 'exist'} with another content. "
            "Move the existing files, or choose another folder for the program with --dir. An existing Pulumi program "
            "can import the component instead: 'd1 explain component'"
        )


def _write(item: FileChange) -> None:
    if item.action in {FileAction.CREATE, FileAction.ADD}:
        path = Path(item.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, item.content, mode=0o644)


def _surroundings(folder: Path, worker: Worker, origin: Origin) -> Surroundings:
    """Return what the next commands can build on: this process runs in the user's shell."""
    virtualenv = detection.virtualenv_path(folder)
    python = f"python3.{sys.version_info.minor}"
    is_own = (folder / virtualenv).resolve() == Path(sys.prefix).resolve()
    variables = {"CLOUDFLARE_API_TOKEN": "", "CLOUDFLARE_ACCOUNT_ID": worker.account_id}
    return Surroundings(
        folder=detection.relative_path(folder, Path()),
        python=python if shutil.which(python) else sys.executable,
        virtualenv=virtualenv,
        has_virtualenv=is_own,
        package=shlex.quote(origin.folder) if origin.folder else "--requirement requirements.txt",
        local_folder=origin.folder,
        has_d1=shutil.which("d1") is not None,
        pulumi_folder="" if shutil.which("pulumi") else next(_pulumi_folders(), None),
        missing_variables=[name for name, value in variables.items() if not (value or os.environ.get(name))],
    )


def _pulumi_folders() -> Iterator[str]:
    """Yield the folders outside of PATH that have a `pulumi`: that of `make engine`, and that of Pulumi's installer."""
    for folder in (Path(sys.prefix) / "share" / "d1" / "bin", Path.home() / ".pulumi" / "bin"):
        if shutil.which("pulumi", path=str(folder)):
            yield str(folder)


def _origin() -> Origin:
    package = distribution(PACKAGE)
    return parse_origin(package.read_text("direct_url.json"), package.version)


def _read_archive(path: Path, sha256: str) -> bytes:
    """Return the wheel or source archive that this package was installed from.

    Raises:
        ConfigError: It is gone, or it is another one now.
    """
    content = path.read_bytes() if path.is_file() else None
    if content is None or (sha256 and hashlib.sha256(content).hexdigest() != sha256):
        raise ConfigError(
            f"pulumi-d1 was installed from {path}, which {'does not exist' if content is None else 'has changed'}, so "
            "the project cannot get a copy of it: install pulumi-d1 again, and repeat 'd1 init'"
        )
    return content
