"""`d1 history` and `d1 restore`: the past of a database, the restore, and the quarantine of its files."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_d1.migrations import ledger
from tests.support import faults

if TYPE_CHECKING:
    import subprocess

    from tests.support.pulumi_project import Project

FILES = ["0001_create_users_and_sessions.sql", "0002_create_content.sql", "0003_create_files.sql"]
TAGS = "0004_tags.sql"
NAME = "your-app-db-dev"


def d1(project: Project, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = project.run(sys.executable, "-m", "pulumi_d1.cli", *arguments, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def refusal(project: Project, *arguments: str) -> str:
    return d1(project, *arguments, code=1).stderr.removeprefix("Error: ").strip()


def history(project: Project) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(d1(project, "history", "--json").stdout)
    return found


def applied(project: Project) -> list[str]:
    return [row["name"] for row in project.database().read(ledger.select("d1_migrations"))]


def arrange(project: Project, **behaviour: Any) -> None:
    """Sets what the emulator does on purpose."""
    faults.arrange(project.database().client, **behaviour)


@pytest.fixture
def tagged(migrated: Project) -> Project:
    """A stack with a fourth file that was a mistake, and a row since."""
    migrated.write(TAGS, "CREATE TABLE tags (id INTEGER PRIMARY KEY);\n")
    migrated.up()
    migrated.database().write("INSERT INTO tags VALUES (1)")
    return migrated


@pytest.mark.thorough
def test_the_way_back_the_quarantine_and_the_way_on(tagged: Project) -> None:
    (first, *_, bad) = history(tagged)
    done = d1(tagged, "restore", "--before", TAGS, "--yes", "--correct", "better tags")
    lines = done.stdout.splitlines()
    assert lines[0] == f"{NAME} will be restored to bookmark {bad['bookmark']}"
    assert re.fullmatch(r"  taken 20\S+\+00:00, \d+ (min \d+ )?s ago; restorable until 20\S+\+00:00", lines[1])
    assert lines[2:4] == ["this deletes:", "  every write since then, by anyone, rows included"]
    assert lines[4].startswith(f"  {TAGS}, applied 20")
    assert lines[5:10] == [
        "schema changes:",
        "  - table tags  id",
        f"{NAME} is restored to bookmark {bad['bookmark']}",
        f"  undone      {TAGS}",
        "  applied     3 files, last 0003_create_files.sql",
    ]
    assert lines[11] == "  schema      matches the applied files"
    assert applied(tagged) == FILES

    text = (tagged.folder / "migrations" / "0005_better_tags.sql").read_text()
    assert text.startswith("-- Migration number: 0005")
    assert f"--   {TAGS}\n" in text
    tagged.write("0005_better_tags.sql", f"{text}CREATE TABLE labels (id INTEGER PRIMARY KEY);\n")
    assert f"your-app:quarantine: {TAGS}@{bad['sha256'][:12]}" in (tagged.folder / "Pulumi.dev.yaml").read_text()
    stopped = (
        f"migrations/{TAGS} was undone by a restore on this stack and is quarantined: change its text, or allow it "
    )
    stopped += f"with 'd1 release {TAGS} --stack dev'"
    for refused in (d1(tagged, "plan", code=1), tagged.pulumi("preview", "--stack", "dev", check=False)):
        assert stopped in refused.stdout
        assert refused.returncode != 0
    refused = tagged.up(check=False)
    assert refused.returncode != 0
    assert stopped in refused.stdout
    assert applied(tagged) == FILES

    tagged.write(TAGS, "CREATE TABLE tags (id INTEGER PRIMARY KEY, name TEXT);\n")
    tagged.up()
    assert applied(tagged) == [*FILES, TAGS, "0005_better_tags.sql"]
    known = history(tagged)
    assert [(item["file"], item["applied"]) for item in known] == [
        *((name, True) for name in FILES),
        (TAGS, False),
        (TAGS, True),
        ("0005_better_tags.sql", True),
    ]
    assert (known[0], known[3]["sha256"]) == (first, bad["sha256"]), "the history outlives the restore"
    tagged.up("dev", "--expect-no-changes")


def test_undo_and_release(tagged: Project) -> None:
    before = tagged.database().read("SELECT * FROM tags")
    shown = json.loads(d1(tagged, "restore", "--before", TAGS, "--yes", "--json").stdout)
    assert (shown["undone"], shown["redone"], shown["applied"], list(shown["quarantine"])) == (
        [TAGS],
        [],
        FILES,
        [TAGS],
    )
    undone = d1(tagged, "restore", "--bookmark", shown["undo"], "--yes").stdout
    assert "  taken at an unknown time; " in undone
    assert f"  redone      {TAGS}\n" in undone
    assert tagged.database().read("SELECT * FROM tags") == before
    tagged.up("dev", "--expect-no-changes", check=False)

    d1(tagged, "restore", "--before", TAGS, "--yes")
    nothing = refusal(tagged, "release", "0003_create_files.sql")
    assert nothing == f"0003_create_files.sql is not quarantined on stack dev. Quarantined: {TAGS}"
    assert d1(tagged, "release", TAGS).stdout == f"released {TAGS}: 'pulumi up --stack dev' may apply it again\n"
    assert "quarantine" not in (tagged.folder / "Pulumi.dev.yaml").read_text()
    assert refusal(tagged, "release", TAGS).endswith("is not quarantined on stack dev. Quarantined: nothing")
    tagged.up()
    assert applied(tagged) == [*FILES, TAGS]


@pytest.mark.thorough
def test_what_others_applied_is_in_the_history_and_goes_back_too(tagged: Project) -> None:
    tagged.write("0005_theirs.sql", "CREATE TABLE theirs (id);\n")
    tagged.database().write(
        f"CREATE TABLE theirs (id); CREATE TABLE debug (id); {ledger.insert('d1_migrations', '0005_theirs.sql')}"
    )
    shown = d1(tagged, "history").stdout.splitlines()
    assert shown[0] == f"{NAME}:"
    assert re.fullmatch(r"  bookmark [0-9a-f-]{59}, restorable until 20\S+", shown[1])
    assert shown[-2] == "  not by this program"
    assert shown[-1].endswith("  0005_theirs.sql")

    done = d1(tagged, "restore", "--before", TAGS, "--yes").stdout
    assert "  - table theirs  id\n" in done
    assert "    table debug is in the database, but no applied file creates it\n" in done
    assert f"  undone      {TAGS}, 0005_theirs.sql\n" in done
    assert "0005_theirs.sql was undone by a restore on this stack" in d1(tagged, "plan", code=1).stdout


@pytest.mark.thorough
def test_nothing_is_restored_unless_it_is_clear_what_and_wanted(tagged: Project) -> None:
    bookmark = tagged.database().bookmark()
    one = "choose a point in time with one of --before FILE, --time TIME and --bookmark ID"
    for moments in ((), ("--before", TAGS, "--bookmark", "b")):
        assert one in d1(tagged, "restore", "--yes", *moments, code=64).stderr, "a command line that is wrong"
    assert "9999.sql is not in this stack's history" in refusal(tagged, "restore", "--yes", "--before", "9999.sql")
    assert "add Z for UTC" in refusal(tagged, "restore", "--yes", "--time", "2026-11-23T02:10:00")
    early = refusal(tagged, "restore", "--yes", "--time", "2020-01-01T00:00:00Z")
    assert "is too old: Cloudflare keeps bookmarks for 30 days" in early
    unknown = "00000085-0000024c-00004c6d-8e61117bf38d7adb71b934ebbf891683"
    assert refusal(tagged, "restore", "--yes", "--bookmark", unknown).startswith("nothing was restored: bookmark 0000")
    asked = refusal(tagged, "restore", "--before", TAGS)
    assert asked == "nothing was changed: there is no terminal to ask for confirmation; use --yes"
    assert "cannot be part of a file name" in refusal(tagged, "restore", "--before", TAGS, "--yes", "--correct", "/")
    (tagged.folder / "migrations" / "0005_again.sql").mkdir()
    exists = refusal(tagged, "restore", "--before", TAGS, "--yes", "--correct", "again")
    assert "migrations/0005_again.sql exists already" in exists
    tagged.pulumi("stack", "init", "empty")
    assert "stack 'empty' has no database yet: run 'pulumi up --stack empty'" in refusal(
        tagged, "history", "--stack", "empty"
    )
    assert "there is no stack 'nowhere': this project has " in refusal(tagged, "history", "--stack", "nowhere")
    arrange(tagged, restore_limit={"requests": 1})
    tagged.database().restore(bookmark)
    limited = refusal(tagged, "restore", "--before", TAGS, "--yes")
    assert "Cloudflare allows 10 restores of a database in 10 minutes: run the same command again" in limited
    assert applied(tagged) == [*FILES, TAGS]
    assert "quarantine" not in (tagged.folder / "Pulumi.dev.yaml").read_text()


@pytest.mark.thorough
def test_a_protected_stack_is_told_loudly(project: Project) -> None:
    project.pulumi("stack", "init", "prod")
    project.up("prod")
    done = d1(project, "restore", "--stack", "prod", "--before", FILES[0], code=1)
    assert "!!! your-app-db-prod IS PROTECTED: everything that its users wrote since then is lost" in done.stdout
    assert done.stderr == "Error: nothing was changed: there is no terminal to ask for confirmation; use --yes\n"
