"""wrangler accepts each configuration after us that it accepted before, in all layouts, Pages included."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from pulumi_d1.cli.init import init
from pulumi_d1.cli.main import main
from pulumi_d1.cli.support import project as pulumi_project
from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.folder import migrations_folder
from pulumi_d1.program.preparation import wrangler_entry
from pulumi_d1.wrangler import configuration_file
from pulumi_d1.wrangler.document import PAGES_ENVIRONMENTS, Document
from pulumi_d1.wrangler.entry import PREVIEW_ID, WORKER_PREVIEWS, WranglerEntry
from pulumi_d1.wrangler.worker import NOT_INHERITED
from tests.support import node
from tests.support.paths import NODE, ROOT
from tests.support.worker_projects import PAGES, PROJECTS, A, B, C, WorkerProject, entry, toml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.wrangler import Wrangler

Errors = Any
"""The errors of a configuration by environment; None if wrangler accepts it."""


Read = tuple[Any, list[dict[str, Any]], list[dict[str, Any]]]
"""The errors of one environment, its databases, and those of Worker Previews."""


@pytest.fixture(scope="module")
def read() -> Iterator[Callable[[Path, str], Read]]:
    """A function that reads a Worker's configuration and one of its environments as wrangler does."""
    with node.running("configurations.mjs") as process:

        def read(path: Path, environment: str) -> Read:
            assert process.stdin
            assert process.stdout
            process.stdin.write(json.dumps([str(path), environment]) + "\n")
            process.stdin.flush()
            answer: Read = json.loads(process.stdout.readline())
            return answer

        yield read


@pytest.fixture
def accepted(wrangler: Wrangler, read: Callable[[Path, str], Read]) -> Callable[[Path], dict[str, Errors]]:
    """A function that returns wrangler's errors by environment: those of its commands for Pages, or of its reader."""

    def errors(path: Path) -> dict[str, Errors]:
        document = Document.parse(path.read_text(), path.name)
        if not document.is_pages:
            return {name: read(path, name)[0] for name in ("", *document.environments)}
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


def entries_of(folder: Path, stack: str) -> list[WranglerEntry]:
    """Return the entries that a stack's program writes."""
    settings = pulumi_project.settings(folder, stack, needs_account=False)
    pattern = migrations_folder(settings.migrations_dir, settings.migrations_pattern).pattern
    database_id = settings.adopt or str(uuid4())
    entries = (wrangler_entry(settings, place, pattern) for place in settings.binding_places)
    return [replace(entry, database_id=database_id) for entry in entries]


@pytest.mark.thorough
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
    assert CliRunner().invoke(init, project.options, **main.context_settings).exit_code == 0
    shares = any("names the database of another stack" in text for text in project.printed)
    for stack in project.stacks:
        for written in entries_of(folder, stack):
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


@pytest.mark.parametrize("name", ["wrangler.toml", "wrangler.jsonc"])
def test_wrangler_reads_the_databases_of_previews_and_of_development(
    tmp_path: Path, read: Callable[[Path, str], Read], name: str
) -> None:
    path = tmp_path / name
    production, preview, development = (
        WranglerEntry(str(path), environment, "DB", f"shop-{id_[0]}", id_, "migrations", "d1_migrations", worker="shop")
        for environment, id_ in (("", A), (WORKER_PREVIEWS, B), (PREVIEW_ID, C))
    )
    with pytest.raises(ConfigError, match="there is no such entry"):
        configuration_file.put(development, {C})
    configuration_file.put(production, {A})
    before = path.read_text()
    configuration_file.put(preview, {B})
    configuration_file.put(development, {C})
    errors, databases, previews = read(path, "")
    assert errors is None
    expected = {"binding": "DB", "database_name": "shop-1", "database_id": A, "migrations_dir": "migrations"}
    assert databases == [{**expected, "preview_database_id": C}]
    assert previews == [{**expected, "database_name": "shop-2", "database_id": B}]
    assert [configuration_file.differences(item) for item in (production, preview, development)] == [[], [], []]
    assert configuration_file.put(production, {A}) is False
    with pytest.raises(ConfigError, match=f"'preview_database_id' of 'DB' in 'd1_databases' is bound to .* {C}"):
        configuration_file.refuse_foreign(development, {B})
    configuration_file.remove(replace(development, database_id=B))
    configuration_file.remove(preview)
    assert "preview_database_id" in path.read_text(), "it names another database"
    configuration_file.remove(development)
    assert path.read_text() == before


def test_production_that_wrangler_dev_would_write_to_is_named(tmp_path: Path) -> None:
    path = tmp_path / "wrangler.toml"
    path.write_text(toml(entry("shop", A, more="remote = true\n"))["wrangler.toml"])
    written = WranglerEntry(str(path), "", "DB", "shop", A, "migrations", "d1_migrations")
    hint = configuration_file.remote_hint(written)
    assert "'DB' in 'd1_databases' has remote = true, so 'wrangler dev' reads and writes production's database" in hint
    configuration_file.put(replace(written, environment=PREVIEW_ID, database_id=B), {B})
    assert configuration_file.remote_hint(written) == ""


@pytest.mark.usefixtures("wrangler")
def test_the_keys_that_environments_do_not_inherit_are_wranglers() -> None:
    types = (NODE / "node_modules" / "wrangler" / "wrangler-dist" / "cli.d.ts").read_text()
    body = types.partition("\ninterface EnvironmentNonInheritable {")[2].partition("\n}")[0]
    keys = set(re.findall(r"^    (\w+)\??:", body, re.MULTILINE))
    assert keys - {"d1_databases"} == NOT_INHERITED


def test_wrangler_reads_the_bindings_that_a_program_imports(wrangler: Wrangler) -> None:
    page = (ROOT / "docs" / "configuration.md").read_text()
    program = page.partition("```ts\n")[2].partition("```")[0]
    assert "d1.bindings.json" in program
    wrangler.write("cloudflare.config.ts", program)
    wrangler.write("package.json", '{"type": "module"}\n')
    wrangler.write("src/index.js", "export default { fetch: () => new Response('ok') };\n")
    for stack, id_ in (("dev", A), ("prod", B)):
        path = str(wrangler.folder / "d1.bindings.json")
        written = WranglerEntry(path, stack, "DB", f"shop-db-{stack}", id_, "migrations", "d1_migrations")
        configuration_file.put(written, {id_})
    for stack in ("dev", "prod"):
        run = wrangler.with_variables(STACK=stack).run("deploy", "--dry-run", "--experimental-new-config")
        assert re.search(rf"env\.DB \(shop-db-{stack}\) +D1 Database", run.stdout)
