"""Refused deletions and replacements, and the commands that their messages name."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pulumi_d1.errors import ConfigError, NotConfirmed
from pulumi_d1.protection.decision import (
    DatabaseContents,
    DeletionRules,
    PendingDeletion,
    StackDatabase,
    database_contents,
    identity_changes,
    rules_from,
)
from pulumi_d1.settings import Settings, read_settings
from pulumi_d1.sqlite.schema import SchemaObject

ID = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
ACCOUNT = "a" * 32
NOTHING = DatabaseContents()
TABLES = DatabaseContents(("notes", "users"))
SEARCH = DatabaseContents(("docs",), ("docs",), ("docs",))
UNKNOWN = DatabaseContents(unknown="no answer from Cloudflare")

RULES = DeletionRules(
    stack="prod", protect=True, confirmed="", key="confirmDeletion", exports_dir="exports", export=True
)
PROTECTED = PendingDeletion(ID, "shop-db-prod", "d1_migrations", RULES)


def with_rules(**changes: Any) -> PendingDeletion:
    return replace(PROTECTED, rules=replace(RULES, **changes))


OPEN = with_rules(protect=False)


def settings(namespace: str = "", **values: str) -> Settings:
    config = {f"{namespace or 'shop'}:{key}": value for key, value in values.items()}
    return read_settings(config, environment="prod", project="shop", account_id=ACCOUNT, namespace=namespace)


def refusal(pending: PendingDeletion, contents: DatabaseContents) -> str:
    with pytest.raises(NotConfirmed) as caught:
        pending.refuse_deletion(contents)
    return str(caught.value)


@pytest.mark.parametrize("contents", [NOTHING, TABLES, SEARCH, UNKNOWN])
def test_a_protected_database_stays_whatever_it_holds(contents: DatabaseContents) -> None:
    assert "nothing was deleted: the database shop-db-prod" in refusal(PROTECTED, contents)
    with pytest.raises(NotConfirmed, match="nothing was done"):
        PROTECTED.refuse_replacement(contents)


@pytest.mark.parametrize("contents", [NOTHING, TABLES, SEARCH, UNKNOWN])
@pytest.mark.parametrize("protect", [True, False])
def test_a_confirmation_of_this_database_allows_everything(*, protect: bool, contents: DatabaseContents) -> None:
    confirmed = with_rules(protect=protect, confirmed=ID)
    confirmed.refuse_deletion(contents)
    confirmed.refuse_replacement(contents)


def test_a_confirmation_of_another_database_is_named_and_does_nothing() -> None:
    wrong = with_rules(confirmed=OTHER)
    assert f"confirmed  {OTHER}, which is another database" in refusal(wrong, TABLES)
    with pytest.raises(NotConfirmed, match=f"confirmed  {OTHER}, which is another database"):
        wrong.refuse_replacement(TABLES)


def test_a_replacement_needs_a_confirmation_if_rows_could_be_lost() -> None:
    OPEN.refuse_replacement(NOTHING)
    for contents in (TABLES, SEARCH, UNKNOWN):
        with pytest.raises(NotConfirmed):
            OPEN.refuse_replacement(contents)


def test_an_open_database_goes_by_destroy_once_it_can_be_exported_or_need_not_be() -> None:
    OPEN.refuse_deletion(NOTHING)
    OPEN.refuse_deletion(TABLES)
    OPEN.refuse_deletion(DatabaseContents(("docs",), ("docs",)))
    with_rules(protect=False, export=False).refuse_deletion(SEARCH)
    assert "cannot be exported completely: no client can read the virtual tables docs" in refusal(OPEN, SEARCH)
    assert "cannot be inspected first" in refusal(OPEN, UNKNOWN)
    assert f"holds      {UNKNOWN.unknown}" in refusal(OPEN, UNKNOWN)


def test_the_message_names_the_changes_the_loss_and_each_choice() -> None:
    database = StackDatabase(ID, "shop-db-prod", ACCOUNT, jurisdiction="eu")
    changes = identity_changes(database, settings(projectName="store", locationHint="weur", accountId="b" * 32))
    with pytest.raises(NotConfirmed) as caught:
        PROTECTED.refuse_replacement(TABLES, changes)
    assert str(caught.value).splitlines() == [
        f"nothing was done: the database shop-db-prod ({ID}) would be replaced by an empty one",
        "  protect    is set for this stack",
        "  holds      2 tables: notes, users",
        "  changed    name: shop-db-prod -> store-db-prod; D1 cannot rename databases",
        f"  changed    account: {ACCOUNT} -> {'b' * 32}; D1 cannot move a database",
        "  changed    jurisdiction: eu -> none; D1 cannot change it",
        "  changed    location: none -> weur; D1 cannot change it",
        "  keep it    pulumi config set databaseName shop-db-prod --stack prod",
        f"  keep it    pulumi config set accountId {ACCOUNT} --stack prod",
        "  keep it    pulumi config set jurisdiction eu --stack prod",
        "  keep it    pulumi config rm locationHint --stack prod",
        "  copy it    pulumi stack init NAME; pulumi config set copyFrom prod --stack NAME; pulumi up --stack NAME",
        f"  lose it    pulumi config set confirmDeletion {ID} --stack prod",
        "             pulumi up --stack prod   # removes the protection, deletes nothing",
        "             pulumi up --stack prod   # exports the database, then replaces it",
    ]


def test_settings_that_keep_the_database_are_no_change() -> None:
    database = StackDatabase(ID, "shop-db-prod", ACCOUNT)
    assert identity_changes(database, settings(protect="true", binding="X")) == ()
    changed = settings(projectName="store", jurisdiction="eu", locationHint="weur", accountId="b" * 32)
    assert len(identity_changes(database, changed)) == 4
    assert identity_changes(database, database.keep_identity(changed)) == ()


def test_the_next_run_reads_the_rules_that_a_run_records() -> None:
    rules = rules_from(settings(namespace="orders", protect="true", confirmDeletion=ID, exportsDir="dumps"))
    assert DeletionRules(**json.loads(json.dumps(rules.as_json()))) == rules
    assert (rules.stack, rules.protect, rules.exports_dir) == ("prod", True, "dumps")
    assert replace(PROTECTED, rules=rules).is_confirmed
    unconfirmed = replace(PROTECTED, rules=replace(rules, confirmed=""))
    assert "pulumi config set orders:confirmDeletion" in refusal(unconfirmed, TABLES)


def test_the_users_tables_are_those_of_neither_the_ledger_nor_a_virtual_table() -> None:
    def table(name: str, sql: str = "CREATE TABLE t (a)") -> SchemaObject:
        return SchemaObject("table", name, name, sql)

    objects = [
        table("d1_migrations"),
        table("Docs", "CREATE VIRTUAL TABLE Docs USING fts5(body)"),
        *map(table, ("docs_data", "docs_idx", "users", "document")),
        SchemaObject("index", "i", "users", "CREATE INDEX i ON users (a)"),
    ]
    assert database_contents(objects, "D1_migrations") == DatabaseContents(("Docs", "document", "users"), ("Docs",))
    assert database_contents([table("d1_migrations")], "d1_migrations") == NOTHING


@pytest.mark.parametrize("values", [{}, {"protect": "true"}])
def test_only_an_ephemeral_stack_may_go_without_an_export(values: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"exportOnDestroy: 'false' is not allowed: .*only an ephemeral stack"):
        settings(exportOnDestroy="false", **values)
    read_settings({"shop:exportOnDestroy": "false"}, environment="pr-1", project="shop", account_id=ACCOUNT)
