"""A database with rows is replaced or deleted only if somebody confirmed it, and is exported first."""

from __future__ import annotations

import gzip
import io
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from pulumi_d1.cloudflare.account import connect_account
from pulumi_d1.errors import NotFound
from tests.support.inspect_project import FILES, ledger
from tests.support.pulumi_project import TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.pulumi_project import Project

pytestmark = pytest.mark.thorough

COMPONENT = "urn:pulumi:{stack}::your-app::d1:index:Environment$"
DATABASE = COMPONENT + "cloudflare:index/d1Database:D1Database::d1-database"
ADA = "INSERT INTO users (email, password_hash, name) VALUES ('ada@example.com', 'x', 'Ada')"


def environment(project: Project, stack: str) -> D1Api:
    """Create an environment, and write a row into it."""
    if stack != "dev":
        project.pulumi("stack", "init", stack)
    project.up(stack)
    database = project.database(stack)
    database.write(ADA)
    return database


def configure(project: Project, stack: str, key: str, value: str) -> None:
    arguments = ("set", key, value) if value else ("rm", key)
    project.pulumi("config", *arguments, "--stack", stack)


def destroy(project: Project, stack: str, *options: str, check: bool = True) -> str:
    done = project.pulumi("destroy", "--stack", stack, "--yes", "--skip-preview", *options, check=check)
    assert check or done.returncode != 0, done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def refused(project: Project, *command: str) -> str:
    done = project.pulumi(*command, check=False)
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def content(database: D1Api) -> bytes:
    """Return the user's part of a database, as SQL."""
    file = io.BytesIO()
    database.export(file)
    return file.getvalue()


def exported(project: Project) -> list[Path]:
    return sorted((project.folder / "exports").glob("*.sql.gz"))


def loaded(project: Project, file: Path) -> D1Api:
    """Load an export into a new database."""
    database = connect_account(project.account, token=TOKEN).create(f"loaded-{uuid4()}")
    database.import_script(gzip.decompress(file.read_bytes()).decode())
    return database


def is_protected(project: Project, stack: str) -> bool:
    (database,) = [item for item in project.state(stack) if item["type"].endswith("D1Database")]
    return bool(database.get("protect"))


def test_no_way_leads_to_the_loss_of_a_protected_database(project: Project) -> None:
    database = environment(project, "prod")
    uuid, urn = database.database_id, DATABASE.format(stack="prod")

    def seen() -> list[Any]:
        return [content(database), (project.folder / "wrangler.toml").read_bytes()]

    before = seen()
    configurations = {
        "projectName": "shop",
        "locationHint": "weur",
        "jurisdiction": "eu",
        "accountId": "b" * 32,
    }
    for key, value in configurations.items():
        configure(project, "prod", key, value)
        shown = refused(project, "preview", "--stack", "prod")
        assert f"nothing was done: the database your-app-db-prod ({uuid}) would be replaced by an empty one" in shown, (
            key
        )
        assert "holds      4 tables: content, files, sessions, users" in shown
        assert f" -> {value}" in shown
        assert "keep it    pulumi config " in shown
        assert f"pulumi config set confirmDeletion {uuid} --stack prod" in shown
        if key == "projectName":
            assert "nothing was done" in refused(project, "up", "--stack", "prod", "--yes", "--skip-preview")
            assert "nothing was done" in refused(
                project, "up", "--stack", "prod", "--yes", "--skip-preview", "--target", urn, "--target-dependents"
            )
        configure(project, "prod", key, "")
        assert seen() == before, key

    for option in ("--replace", "--target-replace"):
        assert "marked for protection" in refused(
            project, "up", "--stack", "prod", "--yes", "--skip-preview", option, urn
        )
        assert seen() == before, option
        ignoring = ("up", "--stack", "prod", "--yes", "--skip-preview", "--ignore-protect", option, urn)
        assert "nothing was done" in refused(project, *ignoring)
        assert seen() == before, option
    targeted = ("--target", urn, "--target-dependents")
    for options in (
        *((), ("--continue-on-error",), ("--run-program",), targeted),
        *(("--ignore-protect",), ("--ignore-protect", "--run-program"), ("--ignore-protect", *targeted)),
    ):
        assert f"your-app-db-prod ({uuid}) " in destroy(project, "prod", *options, check=False), options
        assert seen() == before, options
    assert "cannot be deleted" in refused(project, "destroy", "--stack", "prod", "--yes"), "Pulumi's own flag"

    project.pulumi("state", "unprotect", "--all", "--stack", "prod", "--yes")
    shown = destroy(project, "prod", check=False)
    assert f"nothing was deleted: the database your-app-db-prod ({uuid}) is protected" in shown
    assert "pulumi destroy --stack prod   # exports the database" in shown
    assert "nothing was done" in refused(project, "up", "--stack", "prod", "--yes", "--target-replace", urn)
    assert seen() == before
    assert exported(project) == []
    project.up("prod", "--expect-no-changes")
    assert is_protected(project, "prod")


@pytest.mark.thorough
def test_a_confirmation_works_once_and_for_the_one_database(project: Project) -> None:
    first = environment(project, "prod")
    before = content(first)
    configure(project, "prod", "confirmDeletion", str(uuid4()))
    assert "the key has no effect" in project.up("prod").stdout
    assert is_protected(project, "prod")

    configure(project, "prod", "confirmDeletion", first.database_id)
    configure(project, "prod", "jurisdiction", "eu")
    assert "replaces nothing; the next 'pulumi up' exports the database and replaces it" in project.up("prod").stdout
    assert content(first) == before
    shown = project.up("prod").stdout
    (file,) = exported(project)
    assert f"file      exports/{file.name} ({file.stat().st_size} bytes)" in shown
    assert content(loaded(project, file)) == before
    with pytest.raises(NotFound):
        first.read("SELECT 1")
    second = project.database("prod")
    assert second.database_id in (project.folder / "wrangler.toml").read_text()
    assert ledger(project, "prod") == FILES
    assert is_protected(project, "prod"), "from its first moment, whatever the key is"

    assert "the key has no effect" in project.up("prod", "--expect-no-changes").stdout
    spent = destroy(project, "prod", check=False)
    assert f"confirmed  {first.database_id}, which is another database" in spent
    configure(project, "prod", "confirmDeletion", second.database_id)
    assert "confirmDeletion allows the deletion of your-app-db-prod" in project.up("prod").stdout
    destroy(project, "prod")
    assert project.state("prod") == []
    assert len(exported(project)) == 2

    assert "this stack has no database: the key has no effect" in project.up("prod").stdout
    assert is_protected(project, "prod")
    assert "is protected" in destroy(project, "prod", check=False)


def test_a_database_that_is_not_protected_goes_by_destroy_alone_and_leaves_an_export(project: Project) -> None:
    database = environment(project, "dev")
    before, wrangler = content(database), (project.folder / "wrangler.toml").read_bytes()
    project.pulumi("stack", "rename", "qa", "--stack", "dev")
    shown = refused(project, "preview", "--stack", "qa")
    assert "name: your-app-db-dev -> your-app-db-qa; D1 cannot rename databases" in shown
    assert "keep it    pulumi config set databaseName your-app-db-dev --stack qa" in shown
    configure(project, "qa", "databaseName", "your-app-db-dev")
    assert "replace" not in project.preview("qa")
    project.pulumi("stack", "rename", "dev", "--stack", "qa")
    configure(project, "dev", "databaseName", "")
    project.pulumi("state", "taint", DATABASE.format(stack="dev"), "--stack", "dev", "--yes")
    for command in (("preview",), ("up", "--yes", "--skip-preview")):
        assert "Pulumi was asked to replace it" in refused(project, *command, "--stack", "dev")
    project.pulumi("state", "untaint", DATABASE.format(stack="dev"), "--stack", "dev", "--yes")

    (project.folder / "exports").write_text("in the way")
    assert "nothing was deleted: " in destroy(project, "dev", check=False)
    assert (content(database), (project.folder / "wrangler.toml").read_bytes()) == (before, wrangler)
    (project.folder / "exports").unlink()
    shown = destroy(project, "dev")
    (file,) = exported(project)
    assert f"d1 backup restore exports/{file.name} --into NAME" in shown
    destroy(project, "dev")  # again, with nothing left to do

    copy = loaded(project, file)
    assert content(copy) == before
    assert copy.read("SELECT name FROM users") == ({"name": "Ada"},)


@pytest.mark.thorough
def test_a_database_that_was_never_migrated_has_an_export_too(project: Project) -> None:
    account = connect_account(project.account, token=TOKEN)
    adopted = account.create("your-app-db-dev")
    adopted.write("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users VALUES (1, 'Ada')")
    configure(project, "dev", "adopt", adopted.database_id)
    assert "table users already exists" in refused(project, "up", "--stack", "dev", "--yes", "--skip-preview")
    before = content(adopted)
    destroy(project, "dev")
    (file,) = exported(project)
    assert content(loaded(project, file)) == before
    assert project.state() == []


@pytest.mark.thorough
def test_only_the_deletion_of_the_contents_deletes_the_database(project: Project) -> None:
    database = environment(project, "dev")
    before = content(database)
    contents = COMPONENT.format(stack="dev") + "pulumi-python:dynamic/d1:Contents::d1-contents"
    project.up("dev", "--replace", contents)
    assert content(database) == before
    destroy(project, "dev", "--exclude", contents)
    names = {item["urn"].rpartition("::")[2] for item in project.state()}
    assert {"d1-contents", "d1-database"} <= names
    assert "d1-migrations" not in names
    assert content(database) == before
    project.up("dev")
    project.pulumi("state", "delete", DATABASE.format(stack="dev"), "--target-dependents", "--stack", "dev", "--yes")
    destroy(project, "dev")
    assert content(database) == before, "Pulumi was asked to forget it"
