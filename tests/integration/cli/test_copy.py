"""d1 copy and d1 pull: rows of one stack in another one, in a new database, and in wrangler's local one; masked."""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.cloudflare.account import Account
from pulumi_d1.migrations.live import UNFINISHED_TABLE
from pulumi_d1.wrangler.local_databases import local_database, local_file
from tests.support import node
from tests.support.cli_state import add_stack, give_state
from tests.support.copying import holdings

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.cli_project import ReviewedDatabase

PEOPLE = """
    CREATE TABLE people (id INTEGER PRIMARY KEY, mail TEXT UNIQUE, name TEXT, born REAL, photo BLOB, note TEXT);
    CREATE TABLE orders (
      id INTEGER PRIMARY KEY, person INTEGER REFERENCES people (id), mail TEXT REFERENCES people (mail)
    );
    INSERT INTO people VALUES (1, 'ada@real.org', 'Ada', 1815.9, X'00ff', 'likes owls');
    INSERT INTO people VALUES (2, 'bob@real.org', NULL, 2.5, NULL, 'x');
    INSERT INTO orders VALUES (1, 1, 'ada@real.org'), (2, 2, NULL);
    PRAGMA defer_foreign_keys = ON; INSERT INTO orders VALUES (3, 77, NULL); PRAGMA defer_foreign_keys = OFF;
"""
MASKS = """
people:
  id: hash
  mail: email
  name: hash
  born: hash
  photo: hash
  note: {value: removed}
"""


@pytest.fixture
def staging(prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch) -> D1Api:
    """Return the database of the stack staging, next to that of prod, which has rows."""
    prod.migrate(PEOPLE)
    fake = give_state(prod, ["0001_live.sql"], "ada@example.com", monkeypatch)
    database = Account(prod.database.client, prod.database.account_id).create("your-app-db-staging")
    database.write("CREATE TABLE old (a); INSERT INTO old VALUES (1)")
    add_stack(fake, "staging", database)
    return database


def run(prod: ReviewedDatabase, *arguments: str, code: int = 0) -> str:
    result = prod.d1(*arguments)
    assert (result.exit_code, type(result.exception)) == (code, SystemExit if code else type(None)), result.output
    return result.output


def test_a_copy_replaces_another_stacks_rows_and_names_orphans(prod: ReviewedDatabase, staging: D1Api) -> None:
    before = holdings(staging)
    assert "no terminal to ask" in run(prod, "copy", "--from", "prod", "--to", "staging", code=1)
    assert holdings(staging) == before
    output = run(prod, "copy", "--from", "prod", "--to", "staging", "--yes")
    assert holdings(staging) == holdings(prod.database)
    assert "1 row of orders references no row of people (the first has rowid 3): copied as they are" in output
    undo = re.findall(r"--bookmark (\S+)", run(prod, "copy", "--from", "prod", "--to", "staging", "--yes"))[-1]
    staging.write("DELETE FROM orders")
    staging.restore(undo)
    assert holdings(staging) == holdings(prod.database)


def test_nothing_is_copied_into_production_or_a_protected_stack(prod: ReviewedDatabase, staging: D1Api) -> None:
    before = holdings(prod.database)
    refused = run(prod, "copy", "--from", "staging", "--to", "prod", "--yes", code=1)
    assert "stack 'prod' is production or protected" in refused
    assert holdings(prod.database) == before
    (prod.folder / "Pulumi.staging.yaml").write_text("config:\n  your-app:protect: true\n")
    assert "is production or protected" in run(prod, "copy", "--from", "prod", "--to", "staging", "--yes", code=1)
    assert list(holdings(staging)) == ["", "old"]


def test_masks_keep_types_uniqueness_and_foreign_keys(prod: ReviewedDatabase, staging: D1Api) -> None:
    (prod.folder / "masks.yaml").write_text(MASKS)
    output = run(prod, "copy", "--from", "prod", "--to", "staging", "--mask", "masks.yaml", "--yes")
    people = staging.read("SELECT *, typeof(id) || typeof(born) || typeof(photo) AS kinds FROM people ORDER BY name")
    assert [row["kinds"] for row in people] == ["integerrealnull", "integerrealblob"]
    assert [row["note"] for row in people] == ["removed", "removed"]
    assert all(re.fullmatch(r"user-[0-9a-f]{20}@example\.com", row["mail"]) for row in people)
    assert people[0]["name"] is None
    joined = staging.read("SELECT o.id FROM orders o JOIN people p ON p.id = o.person ORDER BY 1")
    assert [row["id"] for row in joined] == [1, 2]
    assert len(staging.read("SELECT 1 FROM orders o JOIN people p ON p.mail = o.mail")) == 1
    text = json.dumps(holdings(staging)).lower() + output
    assert not [real for real in ("Ada", "ada@real.org", "likes owls", "bob@real") if real.encode().hex() in text]
    assert "ada@real" not in output


def test_the_same_key_gives_the_same_masks(
    prod: ReviewedDatabase, staging: D1Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    (prod.folder / "masks.yaml").write_text(MASKS)
    copied = []
    for key in ("one key", "one key", "another", ""):
        monkeypatch.setenv("D1_MASK_KEY", key)
        run(prod, "copy", "--from", "prod", "--to", "staging", "--mask", "masks.yaml", "--yes")
        copied.append(repr(holdings(staging)))
    assert copied[0] == copied[1]
    assert len(set(copied)) == 3


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("", "has no keys: it should be a YAML mapping"),
        ("people: hash", "people: has no rules: write COLUMN: hash"),
        ("people: {mail: scramble}", "people.mail: is no rule: write null, hash, email"),
        ("people: {mail: [hash]}", "people.mail: is no rule: write null, hash, email"),
        ("people: {mail: {valeu: x}}", "people.mail: is no rule: write null, hash, email"),
        ("nobody: {mail: hash}", "there is no table nobody with rows of its own"),
        ("people: {age: hash}", "table people has no column age that stores values"),
        ("people: {mail: {value: x}}", "people.mail: a foreign key allows only hash and email"),
        ("people: {id: null}", "people.id: a foreign key allows only hash and email"),
        ("{people: {mail: hash}, orders: {mail: email}}", "orders.mail references people.mail, but has another rule"),
    ],
)
def test_a_rule_that_cannot_work_changes_nothing(
    prod: ReviewedDatabase, staging: D1Api, rules: str, message: str
) -> None:
    (prod.folder / "masks.yaml").write_text(rules)
    before = holdings(staging)
    output = run(prod, "copy", "--from", "prod", "--to", "staging", "--mask", "masks.yaml", "--yes", code=1)
    assert message in " ".join(output.split())
    assert holdings(staging) == before


@pytest.mark.parametrize(
    ("parent", "child"),
    [("TEXT COLLATE NOCASE", "TEXT"), ("INTEGER", "TEXT"), ("INTEGER", "REAL")],
)
def test_a_mask_that_breaks_a_foreign_key_changes_nothing(
    prod: ReviewedDatabase, staging: D1Api, parent: str, child: str
) -> None:
    keys = ("'Ada'", "'ada'") if "NOCASE" in parent else ("7", "7")
    prod.database.write(f"CREATE TABLE parent (id {parent} PRIMARY KEY); INSERT INTO parent VALUES ({keys[0]});")
    prod.database.write(f"CREATE TABLE child (p {child} REFERENCES parent (id)); INSERT INTO child VALUES ({keys[1]});")
    (prod.folder / "masks.yaml").write_text("parent: {id: hash}")
    output = run(prod, "copy", "--from", "prod", "--to", "staging", "--mask", "masks.yaml", "--yes", code=1)
    message = "nothing was copied: the copy of your-app-db-prod has masks that break foreign keys: 1 row of child"
    assert message in " ".join(output.split())
    assert list(holdings(staging)) == ["", "old"]


def test_masks_are_what_the_column_stores(prod: ReviewedDatabase, staging: D1Api) -> None:
    prod.database.write(
        "CREATE TABLE kinds (id INTEGER PRIMARY KEY, number NUMERIC, whole INTEGER, real REAL, text TEXT, any_ BLOB);"
        "INSERT INTO kinds VALUES (1, 1.5, 1, 1, 1, 1);"
    )
    fixed = "{whole: {value: '5'}, real: {value: 5}, text: {value: 5}, any_: {value: '5'}, number: hash}"
    (prod.folder / "masks.yaml").write_text(f"kinds: {fixed}")
    run(prod, "copy", "--from", "prod", "--to", "staging", "--mask", "masks.yaml", "--yes")
    (row,) = staging.read("SELECT *, typeof(number) AS kind, quote(real) AS exact FROM kinds")
    assert (row["kind"], row["whole"], row["exact"], row["text"], row["any_"]) == ("real", 5, "5.0", "5", "5")


def test_the_command_that_continues_a_copy_has_the_same_masks(prod: ReviewedDatabase, staging: D1Api) -> None:
    (prod.folder / "masks.yaml").write_text(MASKS)
    staging.write(f"CREATE TABLE {UNFINISHED_TABLE} (bookmark TEXT)")
    for target in (("--to", "staging"), ("--into", "your-app-db-staging")):
        output = run(prod, "copy", "--from", "prod", *target, "--mask", "masks.yaml", "--yes", code=1)
        assert f"run 'd1 copy --from prod {' '.join(target)} --mask masks.yaml' again" in " ".join(output.split())


@pytest.mark.parametrize("action", ["SET NULL", "SET DEFAULT", "CASCADE", "RESTRICT", "NO ACTION"])
def test_a_parent_that_is_newer_than_its_child_is_replaced(
    local: ReviewedDatabase, staging: D1Api, action: str
) -> None:
    key = f"INTEGER NOT NULL DEFAULT 9 CHECK (parent <> 9) REFERENCES parent (id) ON DELETE {action}"
    tables = f"CREATE TABLE child (parent {key}); CREATE TABLE parent (id INTEGER PRIMARY KEY);"
    rows = "INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1);"
    for database in (local.database, staging):
        database.write(tables + rows)
    for _ in range(2):
        run(local, "copy", "--from", "prod", "--to", "staging", "--yes")
        run(local, "pull", "--stack", "prod")
    assert holdings(staging) == holdings(local.database)


def test_a_key_refuses_copies_without_masks(prod: ReviewedDatabase, staging: D1Api) -> None:
    prod.configure(requireMask="true")
    for command in (("copy", "--from", "prod", "--to", "staging", "--yes"), ("pull", "--stack", "prod")):
        assert "stack 'prod' has the key requireMask: name a file of rules" in run(prod, *command, code=1)
    assert list(holdings(staging)) == ["", "old"]


def test_a_new_database_is_prepared_and_compared(prod: ReviewedDatabase, staging: D1Api) -> None:
    output = run(prod, "copy", "--from", "prod", "--into", "your-app-db-eu", "--jurisdiction", "eu")
    account = Account(prod.database.client, prod.database.account_id)
    assert account.describe("your-app-db-eu").jurisdiction == "eu"
    assert holdings(account.find("your-app-db-eu")) == holdings(prod.database)
    assert "current     your-app-db-prod has not changed since it was read" in output
    assert "nothing uses the new database yet" in output
    assert staging.read("SELECT a FROM old") == ({"a": 1},)
    usage = prod.d1("copy", "--from", "prod", "--to", "staging", "--into", "x")
    assert usage.exit_code == 64


@pytest.fixture
def local(prod: ReviewedDatabase, staging: D1Api) -> ReviewedDatabase:  # noqa: ARG001 - the state
    """Return prod in a project whose wrangler configuration binds it."""
    binding = {"binding": "DB", "database_name": "your-app-db-prod", "database_id": "bench"}
    text = json.dumps({"name": "shop", "env": {"production": {"d1_databases": [binding]}}})
    (prod.folder / "wrangler.json").write_text(text)
    prod.configure(wranglerConfig="wrangler.json")
    return prod


def test_a_pull_makes_the_local_database_the_same(local: ReviewedDatabase) -> None:
    run(local, "pull", "--stack", "prod")
    database = local_database(local.folder / "wrangler.json", "bench")
    assert database
    assert local_file(local.folder / "wrangler.json", "bench").stat().st_mode & 0o777 == 0o600
    assert holdings(database) == holdings(local.database)
    local.database.write("DROP TABLE orders; CREATE TABLE later (a)")
    run(local, "pull", "--stack", "prod")
    assert holdings(database) == holdings(local.database)


def test_a_pull_is_refused_while_the_real_engine_has_the_database_open(local: ReviewedDatabase) -> None:
    state = local_file(local.folder / "wrangler.json", "bench").parents[2]
    with node.running("explorer.mjs", str(state)) as process:
        url = json.loads("".join(itertools.islice(process.stdout or (), 1)))["url"]
        node.post_sql(url, "CREATE TABLE mine (a)")
        refused = run(local, "pull", "--stack", "prod", code=1)
        assert "another process has the local database open: stop 'wrangler dev'" in refused
        assert "mine" in node.post_sql(url, "SELECT name FROM sqlite_master")
    run(local, "pull", "--stack", "prod")
    with node.running("explorer.mjs", str(state)) as process:
        url = json.loads("".join(itertools.islice(process.stdout or (), 1)))["url"]
        assert "0001_live.sql" in node.post_sql(url, "SELECT name FROM d1_migrations")
