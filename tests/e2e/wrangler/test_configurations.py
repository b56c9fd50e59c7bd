"""wrangler accepts each configuration after us that it accepted before, in all layouts, Pages included."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from pulumi_d1.cli.init import init
from pulumi_d1.cli.support import project as pulumi_project
from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.folder import migrations_folder
from pulumi_d1.wrangler import configuration_file
from pulumi_d1.wrangler.document import PAGES_ENVIRONMENTS, Document
from pulumi_d1.wrangler.entry import WranglerEntry
from pulumi_d1.wrangler.worker import NOT_INHERITED
from tests.support import node
from tests.support.paths import NODE
from tests.support.worker_projects import PAGES, PROJECTS, A, WorkerProject, entry, toml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.wrangler import Wrangler

Errors = Any
"""The errors of a configuration by environment; None if wrangler accepts it."""


@pytest.fixture(scope="module")
def read() -> Iterator[Callable[[Path, str], str | None]]:
    """A function that returns wrangler's errors about a Worker's configuration and one of its environments."""
    with node.running("configurations.mjs") as process:

        def errors(path: Path, environment: str) -> str | None:
            assert process.stdin
            assert process.stdout
            process.stdin.write(json.dumps([str(path), environment]) + "\n")
            process.stdin.flush()
            answer: str | None = json.loads(process.stdout.readline())
            return answer

        yield errors


@pytest.fixture
def accepted(wrangler: Wrangler, read: Callable[[Path, str], str | None]) -> Callable[[Path], dict[str, Errors]]:
    """A function that returns wrangler's errors by environment: those of its commands for Pages, or of its reader."""

    def errors(path: Path) -> dict[str, Errors]:
        document = Document.parse(path.read_text(), path.name)
        if not document.is_pages:
            return {name: read(path, name) for name in ("", *document.environments)}
        return {name: pages_errors(wrangler, path, name) for name in ("preview", "production")}

    return errors


def pages_errors(wrangler: Wrangler, path: Path, environment: str) -> str | None:
    """Return the errors of the command with which Pages reads a project before it builds it."""
    command = ("pages", "functions", "build-env", str(path.parent), "--outfile", str(path.parent / "env.json"))
    try:
        wrangler.with_variables(PAGES_ENVIRONMENT=environment).run(*command)
    except AssertionError as error:
        return str(error)
    return None


def entry_of(folder: Path, stack: str) -> WranglerEntry:
    """Return the entry that a stack's program writes."""
    settings = pulumi_project.settings(folder, stack, needs_account=False)
    path = configuration_file.configuration_path(settings.wrangler_config)
    pattern = migrations_folder(settings.migrations_dir, settings.migrations_pattern).pattern
    return WranglerEntry(
        path=path,
        environment=settings.binding_environment,
        binding=settings.binding,
        database_name=settings.database_name,
        database_id=settings.adopt or str(uuid4()),
        migrations_dir=settings.migrations_dir,
        migrations_table=settings.migrations_table,
        migrations_pattern=f"{settings.migrations_dir}/{pattern.inside}" if settings.migrations_pattern else "",
    )


@pytest.mark.parametrize("project", PROJECTS.values(), ids=PROJECTS)
def test_wrangler_accepts_what_it_accepted_before(
    project: WorkerProject,
    wrangler: Wrangler,
    accepted: Callable[[Path], dict[str, Errors]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = wrangler.folder
    monkeypatch.chdir(folder)
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN", raising=False)
    (folder / ".git").mkdir()
    for name, text in project.files.items():
        wrangler.write(name, text)
    file = folder / project.configuration
    assert set(accepted(file).values()) == {None}
    assert CliRunner().invoke(init, project.options).exit_code == 0
    shares = any("names the database of another stack" in text for text in project.printed)
    for stack in project.stacks:
        written = entry_of(folder, stack)
        if shares and stack not in project.adopted:
            with pytest.raises(ConfigError, match=r"is bound to the database .*, and so is "):
                configuration_file.put(written, {written.database_id})
        else:
            configuration_file.put(written, {written.database_id})
    after = accepted(file)
    assert set(after.values()) == {None}, after
    before = project.files[project.configuration]
    if set(project.adopted) == set(project.stacks):
        assert file.read_text() == before, "the entries were right"
    document = Document.parse(file.read_text(), project.configuration)
    assert {item.environment for item in document.entries if item.database_id} >= {
        "" if name == "top-level" else name for stack, name in project.stacks.items() if stack in project.adopted
    }


def test_pages_refuses_the_environments_that_we_refuse(wrangler: Wrangler) -> None:
    path = wrangler.folder / "wrangler.toml"
    for environment in ("dev", "pr-12", "staging"):
        text = toml(entry("site", A), head=PAGES)["wrangler.toml"]
        wrangler.write("wrangler.toml", text + entry("site-dev", A, environment))
        errors = pages_errors(wrangler, path, "production")
        assert errors is not None
        assert "not supported by Pages projects" in errors
        wrangler.write("wrangler.toml", text)
        written = WranglerEntry(str(path), environment, "DB", "site-dev", A, "migrations", "d1_migrations")
        with pytest.raises(ConfigError, match="this is a Pages project, in which wrangler accepts no environments but"):
            configuration_file.check_put(written)
        assert path.read_text() == text
    assert PAGES_ENVIRONMENTS == ("", "preview", "production")


def test_the_keys_that_environments_do_not_inherit_are_wranglers() -> None:
    types = (NODE / "node_modules" / "wrangler" / "wrangler-dist" / "cli.d.ts").read_text()
    body = types.partition("\ninterface EnvironmentNonInheritable {")[2].partition("\n}")[0]
    keys = set(re.findall(r"^    (\w+)\??:", body, re.MULTILINE))
    assert keys - {"d1_databases"} == NOT_INHERITED
