"""Every command, as terminals of 80 and 120 columns show it, in files that this test compares and writes.

D1_RECORD=1 pytest tests/integration/cli/test_recorded.py
"""

from __future__ import annotations

import logging
import os
import re
from typing import TYPE_CHECKING

import click
import pytest

from pulumi_d1.cli.main import main
from pulumi_d1.cli.support import waiting
from pulumi_d1.cli.support.group import LazyGroup
from tests.support.cli_state import give_state
from tests.support.paths import ROOT
from tests.support.terminal import terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.cli_project import ReviewedDatabase

WIDTHS = (80, 120)
FILES = ROOT / "tests" / "support" / "recorded"

LIVE = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users (id) ON DELETE CASCADE, body TEXT);
INSERT INTO users VALUES (1, 'a', 'b'); INSERT INTO posts VALUES (1, 1, 'c');
"""
PENDING = """
CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT);
ALTER TABLE posts DROP COLUMN body;
CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL DEFAULT '');
INSERT INTO new_users SELECT * FROM users; DROP TABLE users; ALTER TABLE new_users RENAME TO users;
"""
TENANTS = ("--match", "tenant-*", "--stack", "prod")
RUNS = (
    # Commands that fail come too: their messages are the longest lines.
    "plan --stack prod",
    "plan --stack prod --offline",
    "plan --stack prod --json",
    "comment --stack prod",
    "report --stack prod",
    "status --stack prod",
    "status --stack prod --json",
    "history --stack prod",
    "history --stack prod --json",
    "render --stack prod",
    "adopt --stack prod",
    "baseline --stack prod",
    "rebuild --stack prod 0001_live.sql",
    "undo --stack prod 0002_pending.sql",
    "release --stack prod 0002_pending.sql",
    "restore --stack prod --before 0001_live.sql",
    "restore --stack prod --before 0001_live.sql --yes",
    "ephemeral list",
    "ephemeral down prod",
    "ephemeral up dev",
    "sweep",
    "fleet plan --match tenant-* --stack prod",
    "fleet budget --databases 1000",
    "fleet up --match tenant-* --stack prod",
    "init --dry-run",
    "schema --stack prod",
    "test --stack prod",
    "copy --from prod --to prod",
    "pull --stack prod",
    "explain D999",
    "new tags",
    "plan --stack staging",
    "plan --stak prod",
    "plam",
)
_CHANGING = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "7f3c1a52-0b4d-4e8e-9a61-2d5f8c90e1b7"),
    (
        re.compile(r"[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}"),
        "00000001-00000002-00004e00-0123456789abcdef0123456789abcdef",
    ),
    (re.compile(r"\b[0-9a-f]{32}\b"), "9a7806061c88ada191ed06f989cc3dac"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"), "2026-11-30T10:20:30"),
    (re.compile(r"\d s ago"), "1 s ago"),
)
"""Texts that differ in each run, and others of the same length."""


COMMAND = re.compile(r"\b(?:d1|pulumi|wrangler) ")
"""A command is never broken: it would be pasted in pieces."""


def paths(group: LazyGroup, prefix: str = "") -> Iterator[str]:
    """Yield the words of each command, the groups included."""
    context = click.Context(group)
    for name in group.list_commands(context):
        yield f"{prefix}{name}"
        if isinstance(command := group.get_command(context, name), LazyGroup):
            yield from paths(command, f"{prefix}{name} ")


ALL = ("", *(f"{path} " for path in paths(main)))


def record(line: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a command with its output and exit code."""
    with terminal(monkeypatch, columns, NO_COLOR="1") as stream, pytest.raises(SystemExit) as end:
        main(line.split(), prog_name="d1")
    logging.getLogger("pulumi_d1.migrations").setLevel(logging.NOTSET)  # `d1 fleet up` raises it for its process
    text = stream.getvalue()
    for pattern, same in _CHANGING:
        text = pattern.sub(same, text)
    return f"$ d1 {line}\n{text}" + (f"[exit code {end.value.code}]\n" if end.value.code else "")


@pytest.fixture(autouse=True)
def no_slow_activity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Record no line about an activity that is slow on this machine only."""
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 600)


def arrange(prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    prod.migrate(LIVE, prod.tenant())
    prod.database.write("CREATE TABLE by_hand (a)")
    prod.write("0002_pending.sql", PENDING)
    give_state(prod, ["0001_live.sql"], "ada@example.com", monkeypatch)


@pytest.mark.parametrize("columns", WIDTHS)
def test_every_command_is_recorded(columns: int, prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    arrange(prod, monkeypatch)
    shown = [record(f"{command}--help", columns, monkeypatch) for command in ALL]
    shown += [record(line, columns, monkeypatch) for line in RUNS]
    text = "\n".join(shown).replace(str(prod.folder), "/home/ada/shop")
    for line, output in zip((*ALL, *RUNS), shown, strict=True):
        if "--json" not in line and not line.startswith(("comment", "schema")):
            assert [part for part in output.splitlines()[1:] if len(part) > columns and not COMMAND.search(part)] == []
    file = FILES / f"{columns}.txt"
    if os.environ.get("D1_RECORD"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    assert text == file.read_text(), "if the change is meant, record it: see the docstring"
