"""What stops the deletion of a database, and what the message says to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pulumi_d1.errors import ConfigError, NotConfirmed
from pulumi_d1.protection.decision import Contents, Doomed, Owned, changes, contents, doomed_from, record
from pulumi_d1.settings import Settings, read_settings
from pulumi_d1.sqlite.schema import SchemaObject

ID = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
ACCOUNT = "a" * 32
NOTHING = Contents(())
TABLES = Contents(("notes", "users"))
SEARCH = Contents(("docs",), ("docs",), ("docs",))
UNKNOWN = "no answer from Cloudflare"

DOOMED = Doomed(
    id=ID,
    name="shop-db-prod",
    stack="prod",
    protected=True,
    confirmed="",
    key="confirmDeletion",
)
OPEN = replace(DOOMED, protected=False)


def settings(namespace: str = "", **values: str) -> Settings:
    config = {f"{namespace or 'shop'}:{key}": value for key, value in values.items()}
    return read_settings(config, environment="prod", project="shop", account_id=ACCOUNT, namespace=namespace)


def refusal(doomed: Doomed, found: Contents | str, *, export: bool = True) -> str:
    with pytest.raises(NotConfirmed) as caught:
        doomed.refuse_deletion(found, export=export)
    return str(caught.value)


@pytest.mark.parametrize("found", [NOTHING, TABLES, SEARCH, UNKNOWN])
def test_a_protected_database_stays_whatever_it_holds(found: Contents | str) -> None:
    assert "nothing was deleted: the database shop-db-prod" in refusal(DOOMED, found)
    with pytest.raises(NotConfirmed, match="nothing was done"):
        DOOMED.refuse_replacement(found)


@pytest.mark.parametrize("found", [NOTHING, TABLES, SEARCH, UNKNOWN])
@pytest.mark.parametrize("doomed", [DOOMED, OPEN])
def test_a_confirmation_of_this_database_lets_everything_through(doomed: Doomed, found: Contents | str) -> None:
    released = replace(doomed, confirmed=ID)
    released.refuse_deletion(found, export=True)
    released.refuse_replacement(found)


def test_a_confirmation_of_another_database_is_named_and_does_nothing() -> None:
    wrong = replace(DOOMED, confirmed=OTHER)
    assert f"confirmed  {OTHER}, which is another database" in refusal(wrong, TABLES)
    with pytest.raises(NotConfirmed, match=f"confirmed  {OTHER}, which is another database"):
        wrong.refuse_replacement(TABLES)


def test_a_replacement_needs_a_confirmation_where_rows_could_be_lost() -> None:
    OPEN.refuse_replacement(NOTHING)
    for found in (TABLES, SEARCH, UNKNOWN):
        with pytest.raises(NotConfirmed):
            OPEN.refuse_replacement(found)


def test_an_open_database_goes_by_destroy_once_it_can_be_exported_or_need_not_be() -> None:
    OPEN.refuse_deletion(NOTHING, export=True)
    OPEN.refuse_deletion(TABLES, export=True)
    OPEN.refuse_deletion(Contents(("docs",), ("docs",)), export=True)
    OPEN.refuse_deletion(SEARCH, export=False)
    assert "can't be exported whole before: nobody can read what the virtual tables docs hold" in refusal(OPEN, SEARCH)
    assert f"holds      {UNKNOWN}" in refusal(OPEN, UNKNOWN)


def test_the_message_says_what_changed_what_is_lost_and_each_way_on() -> None:
    owned = Owned(ID, "shop-db-prod", ACCOUNT, jurisdiction="eu")
    found = changes(owned, settings(projectName="store", locationHint="weur", accountId="b" * 32))
    with pytest.raises(NotConfirmed) as caught:
        DOOMED.refuse_replacement(TABLES, found)
    assert str(caught.value).splitlines() == [
        f"nothing was done: the database shop-db-prod ({ID}) would be deleted, and an empty one be made",
        "  protect    is set for this stack",
        "  holds      2 tables: notes, users",
        "  changed    name: shop-db-prod -> store-db-prod; D1 renames none",
        f"  changed    account: {ACCOUNT} -> {'b' * 32}; no database moves to another account",
        "  changed    jurisdiction: eu -> none; that of a database is for good",
        "  changed    location: none -> weur; it says where to create one",
        "  keep it    pulumi config set databaseName shop-db-prod --stack prod",
        f"  keep it    pulumi config set accountId {ACCOUNT} --stack prod",
        "  keep it    pulumi config set jurisdiction eu --stack prod",
        "  keep it    pulumi config rm locationHint --stack prod",
        "  copy it    pulumi stack init NAME; pulumi config set copyFrom prod --stack NAME; pulumi up --stack NAME",
        f"  lose it    pulumi config set confirmDeletion {ID} --stack prod",
        "             pulumi up --stack prod   # takes the protection off, and deletes nothing",
        "             pulumi up --stack prod   # again: exports it, and replaces it",
    ]


def test_settings_that_keep_the_database_are_no_change() -> None:
    owned = Owned(ID, "shop-db-prod", ACCOUNT)
    assert changes(owned, settings(protect="true", binding="X")) == ()
    changed = settings(projectName="store", jurisdiction="eu", locationHint="weur", accountId="b" * 32)
    assert len(changes(owned, changed)) == 4
    assert changes(owned, owned.kept(changed)) == ()


def test_what_a_run_writes_down_is_what_the_next_one_reads() -> None:
    written = record(settings(namespace="orders", protect="true", confirmDeletion=ID, exportsDir="dumps"))
    doomed = doomed_from(written, ID, "shop-orders-db-prod")
    assert doomed.is_released
    assert (doomed.stack, doomed.protected, written["exports_dir"]) == ("prod", True, "dumps")
    assert "pulumi config set orders:confirmDeletion" in refusal(replace(doomed, confirmed=""), TABLES)


def test_the_users_tables_are_those_of_neither_the_ledger_nor_a_virtual_table() -> None:
    def table(name: str, sql: str = "CREATE TABLE t (a)") -> SchemaObject:
        return SchemaObject("table", name, name, sql)

    objects = [
        table("d1_migrations"),
        table("Docs", "CREATE VIRTUAL TABLE Docs USING fts5(body)"),
        *map(table, ("docs_data", "docs_idx", "users", "document")),
        SchemaObject("index", "i", "users", "CREATE INDEX i ON users (a)"),
    ]
    assert contents(objects, "D1_migrations") == Contents(("Docs", "document", "users"), ("Docs",))
    assert contents([table("d1_migrations")], "d1_migrations") == NOTHING


@pytest.mark.parametrize("values", [{}, {"protect": "true"}])
def test_only_an_ephemeral_stack_may_go_without_an_export(values: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"exportOnDestroy: 'false' is not allowed: .*only an ephemeral stack"):
        settings(exportOnDestroy="false", **values)
    read_settings({"shop:exportOnDestroy": "false"}, environment="pr-1", project="shop", account_id=ACCOUNT)
