"""`d1 fleet up` applies each file once to each database, in few requests, whatever another database answers."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.cli.support.exit_codes import ExitCode
from pulumi_d1.fleet.selection import Shard
from tests.support.fake_pulumi import FakePulumi
from tests.support.tenants import COUNTS, MATCH

if TYPE_CHECKING:
    from tests.support.tenants import Tenants

pytestmark = pytest.mark.slow

DATABASES = 10


def test_from_nothing_to_migrated_twice_to_up_to_date_and_back(tenants: Tenants) -> None:
    tenants.create(DATABASES)
    tenants.write(2)
    tenants.count()
    first = tenants.up()
    # One lists them. Each: two read that there is no ledger, a bookmark, both files in one write, one verifies.
    assert tenants.counted() == 1 + 5 * DATABASES
    assert (first["state"], first["count"]) == ("ended", {**COUNTS, "done": DATABASES})
    members = tenants.members(first["run"])
    assert {tuple(item["applied"]) for item in members} == {("0001_log.sql", "0002_file.sql")}
    assert all(item["bookmark"] for item in members)

    tenants.write(3)
    tenants.count()
    assert tenants.up()["count"]["done"] == DATABASES
    assert tenants.counted() == 1 + 4 * DATABASES
    third = tenants.up()
    assert tenants.counted() == 2 + 5 * DATABASES
    assert third["count"] == {**COUNTS, "up_to_date": DATABASES}
    assert tenants.logs() == {("1", "2", "3")}

    restored = tenants.fleet("restore", "--run", first["run"], "--yes")
    assert restored["count"] == {**COUNTS, "done": DATABASES}
    assert {item["state"] for item in tenants.members(restored["run"])} == {"done"}
    assert not tenants.logs_of_some()
    tenants.fleet("restore", "--run", restored["run"], "--yes")  # undoes the restore
    assert tenants.logs() == {("1", "2", "3")}


def test_the_budget_is_printed_first_and_nothing_is_changed_without_a_yes(tenants: Tenants) -> None:
    tenants.create(3)
    process = tenants.d1("up", "--match", "shop-tenant-*")
    assert process.exit_code == 1
    lines = process.stderr.splitlines()
    assert lines[0] == "3 databases by --match 'shop-tenant-*'"
    assert [line.split()[-5:-3] for line in lines[3:6]] == [["1", "4"], ["4", "13"], ["5", "16"]]
    assert lines[6] == "Error: nothing was changed: there is no terminal to ask for confirmation; use --yes"
    assert tenants.d1("history").stdout == ""


def test_a_canary_that_fails_stops_the_rest_until_the_file_is_fixed(tenants: Tenants) -> None:
    tenants.create(10)
    tenants.up()
    tenants.write(2, "CREATE UNIQUE INDEX once ON log (length(file));\n")
    run = tenants.up("--max-failures", "9", code=1)
    assert run["state"] == "stopped: a canary failed"
    assert run["count"] == {**COUNTS, "failed": 1, "waiting": 9}
    [failed] = run["failed"]
    assert "UNIQUE constraint failed" in failed["message"]
    assert f"restore   wrangler d1 time-travel restore {failed['database']} --bookmark=" in failed["message"]
    assert "next      fix the file, or the rows that it failed on, then run 'd1 fleet up' again" in failed["message"]
    assert tenants.logs() == {("1",)}

    tenants.write(2)
    refused = tenants.d1("retry", "--yes")
    assert (refused.exit_code, "the files or settings have changed since run" in refused.stderr) == (1, True)
    assert tenants.up()["count"]["done"] == 10
    assert tenants.logs() == {("1", "2")}


def test_a_database_that_cannot_be_read_keeps_no_other_from_its_files(tenants: Tenants) -> None:
    tenants.create(12)
    tenants.up()
    tenants.database(0).write("INSERT INTO d1_migrations (name, applied_at) VALUES (x'00', 'now')")
    tenants.write(2)
    run = tenants.up("--concurrency", "1", code=1)
    assert (run["state"], run["count"]) == ("ended", {**COUNTS, "done": 11, "failed": 1})
    assert [item["database"] for item in run["failed"]] == ["shop-tenant-000"]
    assert tenants.up(code=1)["count"] == {**COUNTS, "up_to_date": 11, "failed": 1}


def test_a_retry_repeats_the_failed_step_and_starts_the_others(tenants: Tenants) -> None:
    tenants.create(6)
    tenants.up()
    bad = tenants.database(3)
    bad.write("CREATE TABLE b (n UNIQUE); INSERT INTO b VALUES (1)")
    tenants.write(2, "CREATE TABLE IF NOT EXISTS b (n UNIQUE);\nINSERT INTO b VALUES (1);\n")
    run = tenants.up("--concurrency", "1", "--max-failures", "1", code=1)
    assert run["state"] == "stopped: 1 failed"
    assert (run["count"]["done"], run["count"]["failed"], run["count"]["waiting"]) == (3, 1, 2)
    [first] = run["failed"]
    bad.write("DELETE FROM b")
    tenants.count()
    again = tenants.fleet("retry", "--yes")
    assert tenants.counted() == 3 + 4 * 2  # the bookmark of the failed one is kept
    assert (again["run"], again["count"]) == (run["run"], {**COUNTS, "done": 6})
    assert {item["bookmark"] for item in tenants.members() if item["id"] == first["id"]} == {first["bookmark"]}
    assert tenants.logs() == {("1", "2")}
    assert "has nothing to repeat" in tenants.d1("retry", "--yes").stderr


@pytest.mark.thorough
def test_a_retry_whose_review_fails_keeps_the_first_bookmark(tenants: Tenants) -> None:
    tenants.create(1)
    tenants.up()
    tenants.database(0).write("CREATE TABLE b (n UNIQUE); INSERT INTO b VALUES (1)")
    tenants.write(2, "CREATE TABLE IF NOT EXISTS b (n UNIQUE);\nINSERT INTO b VALUES (1);\n")
    [first] = tenants.up(code=1)["failed"]
    tenants.count(faults=[{"fault": "daily-reads", "endpoint": "query"}])
    assert "daily row read limit" in tenants.fleet("retry", "--yes", code=1)["failed"][0]["message"]
    tenants.count()
    tenants.database(0).write("DELETE FROM b")
    assert tenants.fleet("retry", "--yes")["count"]["done"] == 1
    assert [item["bookmark"] for item in tenants.members()] == [first["bookmark"]]


@pytest.mark.thorough
def test_a_share_of_failures_is_allowed_on_request(tenants: Tenants) -> None:
    tenants.create(10)
    tenants.up()
    bad = [tenants.database(number) for number in (3, 5)]
    for database in bad:
        database.write("CREATE TABLE tags (id)")
    tenants.write(2, "CREATE TABLE tags (id);\n")
    run = tenants.up("--max-failures", "30%", code=1)
    assert (run["state"], run["count"]) == ("ended", {**COUNTS, "done": 8, "failed": 2})
    assert all("table tags already exists" in item["message"] for item in run["failed"])
    for database in bad:
        database.write("DROP TABLE tags")
    assert tenants.fleet("retry", "--yes")["count"] == {**COUNTS, "done": 10}
    assert tenants.logs() == {("1", "2")}


@pytest.mark.thorough
def test_a_check_decides_after_the_canaries(tenants: Tenants) -> None:
    tenants.create(10)
    run = tenants.up("--canary", "20%", "--check", "test -e approved", code=1)
    assert run["state"] == "stopped: not approved after the canaries"
    assert run["count"] == {**COUNTS, "done": 2, "waiting": 8}
    (tenants.project.folder / "approved").touch()
    assert tenants.up("--canary", "20%", "--check", "test -e approved")["count"] == {
        **COUNTS,
        "done": 8,
        "up_to_date": 2,
    }


def test_a_check_that_fails_runs_once(tenants: Tenants) -> None:
    tenants.create(3)
    tenants.up("--check", "echo run >> checks; false", code=1)
    assert (tenants.project.folder / "checks").read_text() == "run\n"


@pytest.mark.thorough
def test_a_signal_ends_a_check(tenants: Tenants) -> None:
    tenants.create(2)
    with tenants.start("up", *MATCH, "--yes", "--json", "--check", "touch begun; exec sleep 60") as process:
        while not (tenants.project.folder / "begun").exists():
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        output, messages = process.communicate()
    assert json.loads(output)["state"] == "waits for an approval", messages
    assert tenants.fleet("retry", "--yes", "--check", "true")["count"] == {**COUNTS, "done": 2}


@pytest.mark.thorough
def test_a_person_approves_or_cancels_from_another_terminal(tenants: Tenants) -> None:
    tenants.create(4)
    with tenants.start("up", "--match", "shop-tenant-*", "--yes", "--ask") as process:
        while "waits for an approval" not in tenants.d1("status").stdout:
            assert process.poll() is None, process.communicate()
        assert tenants.d1("approve").exit_code == 0
        assert process.wait() == 0, process.communicate()
    assert tenants.logs() == {("1",)}
    tenants.write(2)
    with tenants.start("up", "--match", "shop-tenant-*", "--yes", "--ask") as process:
        while "waits for an approval" not in tenants.d1("status").stdout:
            assert process.poll() is None, process.communicate()
        assert tenants.d1("cancel").stderr.startswith("cancelled run ")
        assert process.wait() == 1
    assert tenants.fleet("status", code=1)["state"] == "cancelled"
    assert tenants.logs() == {("1",), ("1", "2")}
    refused = tenants.d1("cancel").stderr
    assert refused == "Error: no run is running\n"
    assert "is not running: it is cancelled" in tenants.d1("cancel", tenants.fleet("status", code=1)["run"]).stderr


@pytest.mark.thorough
def test_a_run_that_was_killed_continues_only_when_asked(tenants: Tenants) -> None:
    tenants.create(4)
    tenants.account.create("another")
    with tenants.start("up", *MATCH, "--yes", "--ask") as process:
        while "waits for an approval" not in tenants.d1("status").stdout:
            assert process.poll() is None, process.communicate()
        process.kill()
    refused = tenants.d1("up", "--match", "another", "--yes")
    assert refused.exit_code == 1
    assert "(up --match 'shop-tenant-*') has not ended: 'd1 fleet retry " in refused.stderr
    assert tenants.d1("cancel").exit_code == 0
    assert tenants.fleet("up", "--match", "another", "--yes")["count"]["done"] == 1
    killed = json.loads(tenants.d1("history", "--json").stdout.splitlines()[1])
    assert killed["count"] == {**COUNTS, "done": 1, "waiting": 3}


@pytest.mark.thorough
def test_a_run_without_a_terminal_reports_that_it_waits_for_an_approval(tenants: Tenants) -> None:
    tenants.create(2)
    assert tenants.up("--check", "false", code=1)["state"] == "stopped: not approved after the canaries"
    with tenants.start("retry", "--yes") as process:
        assert process.stderr
        while "waits for an approval: d1 fleet approve" not in (line := process.stderr.readline()):
            assert line
        assert tenants.d1("approve").exit_code == 0
        assert process.wait() == 0, process.communicate()


def test_a_retry_refuses_a_check_that_would_not_run(tenants: Tenants) -> None:
    tenants.create(1)
    run = tenants.up()["run"]
    refused = tenants.d1("retry", "--yes", "--check", "true")
    assert refused.stderr == f"Error: run {run} asks for no approval, so --check would not run\n"
    assert tenants.d1("retry", "--yes", "--check", " ").exit_code == ExitCode.MISUSE


def test_a_retry_names_what_it_continues_and_refuses_another_account(
    tenants: Tenants, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenants.create(2)
    (tenants.project.folder / "gone.txt").write_text("shop-tenant-000")
    tenants.count(faults=[{"fault": "daily-writes", "endpoint": "delete"}])
    run = tenants.fleet("delete", "--members", "gone.txt", "--yes", code=1)["run"]
    tenants.count()
    asked = tenants.d1("retry")
    assert "there is no terminal to ask for confirmation" in asked.stderr
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", "f" * 32)
    refused = tenants.d1("retry", "--yes")
    assert f"Error: run {run} is of account " in refused.stderr
    assert len(list(tenants.account.databases())) == 2


@pytest.mark.parametrize(("option", "most"), [((), 1100), (("--rate", "50/300"), 50)])
def test_the_rate_is_kept_by_a_retry_and_set_by_a_run(tenants: Tenants, option: tuple[str, ...], most: int) -> None:
    def slots() -> int:
        with closing(sqlite3.connect(tenants.project.folder / ".d1" / "fleet.sqlite")) as connection:
            return int(connection.execute("SELECT count(*) FROM d1_fleet_slots").fetchone()[0])

    tenants.d1("create", "tenant-a", "--yes", "--rate", "70/300")
    assert slots() == 70
    tenants.d1("retry", "--yes")
    assert slots() == 70
    tenants.d1("create", "tenant-b", "--yes", *option)
    assert slots() == most


@pytest.mark.thorough
def test_the_output_of_a_check_is_not_part_of_the_json(tenants: Tenants) -> None:
    tenants.create(2)
    with tenants.start("up", *MATCH, "--yes", "--json", "--check", "echo smoke") as process:
        output, messages = process.communicate()
    assert json.loads(output)["count"] == {**COUNTS, "done": 2}
    assert "\nsmoke\n" in messages


@pytest.mark.thorough
def test_a_restore_whose_answer_was_lost_can_be_undone(tenants: Tenants) -> None:
    tenants.create(1)
    first = tenants.up()
    lost = {"fault": "drop", "when": "after", "endpoint": "restore"}
    tenants.count(faults=[lost])
    restored = tenants.fleet("restore", "--run", first["run"], "--yes", code=1)
    assert restored["count"] == {**COUNTS, "failed": 1}
    assert tenants.logs_of_some() is False
    tenants.count()
    assert "  restore   " not in tenants.d1("status").stdout  # the only bookmark is the one that undoes it
    [failed] = tenants.fleet("retry", "--yes", code=1)["failed"]
    assert "the answer to its restore was lost, and the database has changed since" in failed["message"]
    assert tenants.fleet("restore", "--run", restored["run"], "--yes")["count"]["done"] == 1
    assert tenants.logs() == {("1",)}


@pytest.mark.thorough
def test_a_restore_that_was_refused_is_repeated(tenants: Tenants) -> None:
    tenants.create(1)
    first = tenants.up()
    tenants.count(faults=[{"fault": "daily-writes", "endpoint": "restore"}])
    tenants.fleet("restore", "--run", first["run"], "--yes", code=1)
    tenants.count()
    tenants.database(0).write("INSERT INTO log VALUES ('written since')")
    assert tenants.fleet("retry", "--yes")["count"]["done"] == 1
    assert tenants.logs_of_some() is False


@pytest.mark.thorough
def test_the_databases_of_a_restored_run_are_not_done(tenants: Tenants) -> None:
    tenants.create(2)
    first = tenants.up()
    tenants.fleet("restore", "--run", first["run"], "--yes")
    refused = tenants.d1("retry", first["run"], "--yes")
    assert refused.stderr == (f"Error: the databases of run {first['run']} were restored: repeat its command instead\n")
    assert tenants.fleet("status", first["run"])["state"] == "ended, restored"
    later = tenants.up()
    assert later["count"]["done"] == 2
    again = tenants.fleet("restore", "--run", first["run"], "--yes")
    assert f"they are undone too: {later['run']}\n" in again["stderr"]


def test_a_run_is_joined_only_if_its_databases_are_the_same(tenants: Tenants) -> None:
    tenants.create(3)
    file = tenants.project.folder / "gone.txt"
    file.write_text("shop-tenant-000 shop-tenant-001")
    arguments = ("delete", "--members", "gone.txt", "--yes")
    tenants.count(latency_ms=1000)
    with tenants.start(*arguments) as process:
        while "2 running" not in tenants.d1("status").stdout:
            assert process.poll() is None, process.communicate()
        process.kill()
    file.write_text("shop-tenant-002")
    refused = tenants.d1(*arguments)
    assert refused.exit_code == 1
    run = json.loads(tenants.d1("history", "--json").stdout)["run"]
    assert f"run {run} (delete --members gone.txt) has not ended: 'd1 fleet retry {run}' continues it" in refused.stderr
    assert f"nobody works on it: d1 fleet retry {run}" in tenants.d1("status").stdout
    tenants.count()
    tenants.write(2)  # a deletion needs no files
    assert tenants.fleet("retry", "--yes")["count"]["done"] == 2
    assert [item.name for item in tenants.account.databases()] == ["shop-tenant-002"]


def test_a_check_that_fails_after_the_last_database_fails_the_command(tenants: Tenants) -> None:
    tenants.create(1)
    assert tenants.up("--check", "false", code=1)["state"] == "stopped: not approved after the canaries"
    assert tenants.up("--check", "false")["count"] == {**COUNTS, "up_to_date": 1}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--check", " "), "Invalid value for '--check': the command is blank"),
        (("--check", "true", "--detach", "--database", "postgresql://host/name"), "it cannot be with --detach"),
        (("--stack", "nope"), "--stack nope: there is no Pulumi.nope.yaml. Stacks: "),
    ],
)
def test_options_that_cannot_work_are_refused(tenants: Tenants, arguments: tuple[str, ...], message: str) -> None:
    refused = tenants.d1("up", *MATCH, "--yes", *arguments)
    assert refused.exit_code in {1, 64}
    assert message in refused.stderr


@pytest.mark.parametrize("query", ["DELETE FROM log RETURNING file", "SELECT 1; DELETE FROM log", "", "PRAGMA x"])
def test_the_query_of_a_control_database_only_reads(tenants: Tenants, query: str) -> None:
    tenants.project.create("control")
    refused = tenants.d1("plan", "--sql", "control", query)
    assert (refused.exit_code, refused.stderr) == (1, "Error: --sql control: the query is not one SELECT\n")


def test_a_damaged_database_of_the_runs_is_one_line(tenants: Tenants) -> None:
    tenants.create(1)
    tenants.up()
    with closing(sqlite3.connect(tenants.project.folder / ".d1" / "fleet.sqlite")) as connection:
        connection.execute("DROP TABLE workflow_status")
    refused = tenants.d1("status")
    message = "Error: the database of the runs cannot be used: no such table: main.workflow_status\n"
    assert (refused.exit_code, refused.stderr) == (1, message)


@pytest.mark.parametrize("stored", ["'{}'", "'odd'", "replace(inputs, 'max_failures', 'most_failures')"])
def test_a_run_of_another_version_is_one_line(tenants: Tenants, stored: str) -> None:
    tenants.create(1)
    run = tenants.up()["run"]
    with closing(sqlite3.connect(tenants.project.folder / ".d1" / "fleet.sqlite")) as connection, connection:
        connection.execute(f"UPDATE workflow_input SET inputs = {stored}")
    for command in ("status", "history", "retry"):
        refused = tenants.d1(command)
        message = f"Error: run {run} cannot be read: use the pulumi-d1 version that stored it\n"
        assert (refused.exit_code, refused.stderr.splitlines(keepends=True)[-1]) == (1, message)


@pytest.mark.thorough
def test_a_database_that_exists_is_not_created_and_not_restored(tenants: Tenants) -> None:
    tenants.create(1)
    tenants.up()
    again = tenants.d1("create", "shop-tenant-000", "--yes")
    assert "up to date         1" in again.stdout
    assert "undo" not in again.stdout


def test_databases_are_created_migrated_and_deleted(tenants: Tenants) -> None:
    names = ("shop-tenant-000", "shop-tenant-001")
    assert tenants.fleet("create", *names, "--yes")["count"] == {**COUNTS, "done": 2}
    assert tenants.logs() == {("1",)}
    assert {item["id"] for item in tenants.members()} == {tenants.account.find(name).database_id for name in names}
    refused = tenants.d1("create", "your-app-db-dev", "--yes").stderr
    assert "your-app-db-dev: this name belongs to a stack" in refused
    assert "'a b' is not a name for a D1 database" in tenants.d1("create", "a b", "--yes").stderr
    (tenants.project.folder / "gone.txt").write_text(f"{names[0]}\n")
    assert tenants.fleet("delete", "--members", "gone.txt", "--yes")["count"] == {**COUNTS, "done": 1}
    assert [item.name for item in tenants.account.databases()] == [names[1]]
    assert "undo" not in tenants.d1("status").stdout
    missing = tenants.d1("delete", "--members", "gone.txt", "--yes")
    assert (missing.exit_code, missing.stderr) == (
        1,
        "Error: --members gone.txt: the account has no database shop-tenant-000\n",
    )


@pytest.mark.thorough
def test_a_control_database_selects_and_each_database_is_in_one_shard(tenants: Tenants) -> None:
    tenants.create(8)
    control = tenants.project.create("control")
    control.write("CREATE TABLE tenants (name)")
    control.write("INSERT INTO tenants VALUES ('shop-tenant-001'), ('shop-tenant-002')")
    query = "SELECT name FROM tenants ORDER BY name"
    assert tenants.fleet("up", "--sql", "control", query, "--yes")["count"]["done"] == 2
    assert {item["database"] for item in tenants.members()} == {"shop-tenant-001", "shop-tenant-002"}
    runs = [tenants.up("--shard", f"{part}/2")["run"] for part in (1, 2)]
    assert sorted(item["database"] for run in runs for item in tenants.members(run)) == [
        f"shop-tenant-{number:03}" for number in range(8)
    ]
    twice = tenants.d1("up", "--sql", "control", query, "--match", "x", "--yes")
    assert "select databases with one of --match, --members, --sql and --output" in twice.stderr


@pytest.mark.parametrize("value", ["NULL", "7", "0.5", "x'00ff'"])
def test_rows_of_a_control_database_that_are_no_names_are_refused(tenants: Tenants, value: str) -> None:
    tenants.project.create("control")
    refused = tenants.d1("up", "--sql", "control", f"SELECT 'control' UNION ALL SELECT {value}", "--yes")
    message = "Error: --sql control: not every row begins with a text: select names or UUIDs\n"
    assert (refused.exit_code, refused.stderr) == (1, message)


@pytest.mark.thorough
def test_a_database_that_cloudflare_fails_to_create_has_that_reason(tenants: Tenants) -> None:
    tenants.count(faults=[{"fault": "bad-gateway", "endpoint": "create"}])
    [failed] = tenants.fleet("create", "shop-tenant-000", "--yes", code=1)["failed"]
    assert failed["message"].startswith("HTTP 502 without Cloudflare's error format")
    assert tenants.fleet("retry", "--yes")["count"] == {**COUNTS, "done": 1}


def test_an_empty_list_is_refused(tenants: Tenants) -> None:
    tenants.project.create("control")
    (tenants.project.folder / "empty.txt").write_text("\r\n")
    for option in (("--members", "empty.txt"), ("--sql", "control", "SELECT 'a' WHERE 0")):
        refused = tenants.d1("plan", *option)
        assert (refused.exit_code, refused.stderr) == (1, f"Error: {option[0]} {option[1]}: the list is empty\n")


def test_the_uuid_of_a_stack_s_database_is_no_name_to_create(tenants: Tenants) -> None:
    stack = tenants.project.create("your-app-db-prod")
    [failed] = tenants.fleet("create", stack.database_id, "--yes", code=1)["failed"]
    assert failed["message"] == "this is the UUID of database your-app-db-prod, not a name for a new one"
    assert stack.read("SELECT name FROM sqlite_master WHERE name = 'log'") == ()


def test_an_output_of_the_stack_selects(tenants: Tenants, monkeypatch: pytest.MonkeyPatch) -> None:
    tenants.create(3)
    fake = FakePulumi.install(tenants.project.folder / "pulumi")
    monkeypatch.setenv("PATH", fake.on_path(os.environ)["PATH"])
    fake.output("prod", ["shop-tenant-001", tenants.database(2).database_id])
    assert tenants.fleet("up", "--output", "tenants", "--yes")["count"]["done"] == 2
    assert {item["database"] for item in tenants.members()} == {"shop-tenant-001", "shop-tenant-002"}
    assert fake.calls[-1] == "stack output tenants --json --stack prod"
    for other in ("shop-tenant-001", {"a": "shop-tenant-001"}, 12, None, [None], [["shop-tenant-001"]]):
        fake.output("prod", other)
        refused = tenants.d1("up", "--output", "tenants", "--yes")
        message = "Error: --output tenants: stack 'prod' does not output a list of names or UUIDs here\n"
        assert (refused.exit_code, refused.stderr) == (1, message)


def test_a_file_of_members_may_have_a_mark_of_its_encoding_and_any_blanks(tenants: Tenants) -> None:
    tenants.create(3)
    file = tenants.project.folder / "members.txt"
    file.write_bytes(b"\xef\xbb\xbfshop-tenant-000\r\n\r\n shop-tenant-002 \r\n")
    assert tenants.fleet("up", "--members", "members.txt", "--yes")["count"]["done"] == 2
    file.write_bytes(b"\xff\xfe\x00")
    refused = tenants.d1("up", "--members", "members.txt", "--yes").stderr
    assert refused == "Error: members.txt: is not UTF-8 text (byte 0): save it as UTF-8\n"


def test_a_shard_without_databases_has_nothing_to_do(tenants: Tenants) -> None:
    tenants.create(1)
    others = ("--shard", next(f"{part}/2" for part in (1, 2) if not Shard(part, 2).has("shop-tenant-000")))
    assert tenants.up(*others, "--max-failures", "1%")["count"] == COUNTS
    assert tenants.fleet("delete", *MATCH, *others, "--yes")["count"] == COUNTS


@pytest.mark.parametrize("text", ["-1", "%", "x", "1%%", "9" * 5000])
def test_an_odd_number_is_refused(tenants: Tenants, text: str) -> None:
    tenants.create(1)
    for option in ("--canary", "--max-failures"):
        refused = tenants.d1("up", *MATCH, "--yes", option, text)
        assert refused.exit_code == ExitCode.MISUSE
        assert refused.stderr.endswith(f"Error: {option} {text}: use a number, or a share such as 5%\n")


@pytest.mark.thorough
def test_a_run_at_the_rate_is_never_refused_and_a_refusal_delays_everyone(tenants: Tenants) -> None:
    tenants.create(20)
    # The eight that are in flight may arrive much later than they are sent.
    tenants.count(rate_limit={"requests": 50 + 8, "seconds": 1, "block_seconds": 60})
    run = tenants.up("--rate", "50/2")
    assert "requested a wait" not in run["stderr"]
    assert tenants.counted() == 1 + 5 * 20
    tenants.write(2)
    tenants.count(rate_limit={"requests": 60, "seconds": 300, "block_seconds": 3})
    run = tenants.up("--rate", "100000/1")
    waits = [line for line in run["stderr"].splitlines() if "Cloudflare requested a wait of 3 s (HTTP 429)" in line]
    assert len(waits) == 1  # of eight threads
    assert run["count"]["done"] == 20
    tenants.count()
    assert tenants.logs() == {("1", "2")}


def test_databases_of_stacks_are_refused(tenants: Tenants) -> None:
    tenants.project.create("your-app-db-prod")
    tenants.project.create("your-app-tenant-1")
    process = tenants.d1("up", "--match", "your-app-*", "--yes")
    assert process.exit_code == 1
    assert "also matches databases of this project's stacks: your-app-db-prod" in process.stderr
    named = tenants.project.folder / "Pulumi.main.yaml"
    named.write_text("config:\n  your-app:databaseName: your-app-tenant-1\n")
    process = tenants.d1("up", "--match", "your-app-tenant-*", "--yes")
    assert "also matches databases of this project's stacks: your-app-tenant-1" in process.stderr


def test_a_plan_groups_equal_databases_and_writes_nothing(tenants: Tenants) -> None:
    tenants.create(5)
    tenants.up()
    tenants.database(2).write("CREATE TABLE debug (id)")
    tenants.write(2, "CREATE TABLE debug (id);\n")
    plan = tenants.d1("plan", "--match", "shop-tenant-*")
    assert plan.exit_code == 1
    assert plan.stdout.startswith("4 databases: 1 pending, last applied 0001_log.sql\n  shop-tenant-000, ")
    assert "\n1 database: 1 pending, last applied 0001_log.sql, drifted, stopped by errors\n" in plan.stdout
    listed = json.loads(tenants.d1("plan", "--match", "shop-tenant-*", "--json").stdout)
    assert [bool(item["errors"]) for item in listed] == [False, False, True, False, False]
    assert tenants.logs() == {("1",)}


def test_the_default_stack_is_production_under_either_name(tenants: Tenants) -> None:
    for stack, others in (("production", ("prod",)), ("prod", ())):
        for name in others:
            (tenants.project.folder / f"Pulumi.{name}.yaml").unlink(missing_ok=True)
        (tenants.project.folder / f"Pulumi.{stack}.yaml").write_text("config:\n  your-app:bindng: DB\n")
        refused = tenants.d1("budget", "--databases", "1")
        assert refused.stderr.startswith(f"Error: the configuration of stack '{stack}' has mistakes:")
