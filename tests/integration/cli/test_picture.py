"""The picture in the README is what `d1 plan` prints.

D1_RECORD=1 pytest tests/integration/cli/test_picture.py
"""

from __future__ import annotations

import os
import re
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from rich.console import Console
from rich.text import Text

from pulumi_d1.cli.main import main
from pulumi_d1.cli.support import waiting
from tests.support.paths import ROOT
from tests.support.terminal import terminal

if TYPE_CHECKING:
    from tests.support.cli_project import ReviewedDatabase

PICTURE = ROOT / "docs" / "plan.svg"
COLUMNS = 96
LIVE = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT);
CREATE TABLE sessions (id TEXT PRIMARY KEY, user_id INTEGER REFERENCES users (id) ON DELETE CASCADE);
WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1204) INSERT INTO users SELECT i, 'e' || i, 'n' FROM n;
INSERT INTO sessions SELECT 's' || id, id FROM users;
"""
PENDING = """\
CREATE TABLE users_new (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT);
INSERT INTO users_new SELECT id, email, name FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
"""
_FONTS = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
"""Rich's fonts are on a server. Without them, the picture has the reader's own."""


def test_the_picture_shows_what_the_command_prints(prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 600)  # no line about an activity that is slow here only
    prod.migrate(LIVE, prod.tenant())
    prod.write("0002_unique_email.sql", PENDING)
    with terminal(monkeypatch, COLUMNS) as stream, pytest.raises(SystemExit):
        main(["plan", "--stack", "prod"], prog_name="d1")
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(stream.getvalue()))
    svg = _FONTS.sub("", console.export_svg(title="$ d1 plan --stack prod", unique_id="plan"))
    if os.environ.get("D1_RECORD"):
        PICTURE.write_text(svg)
    assert svg == PICTURE.read_text(), "if the change is meant, record it: see the docstring"


def test_the_readme_shows_what_an_offline_plan_prints(prod: ReviewedDatabase) -> None:
    prod.write("0001_orders.sql", "CREATE TABLE orders (id INTEGER PRIMARY KEY, total INTEGER NOT NULL);\n")
    prod.write("0002_lines.sql", 'CREATE TABLE lines (id, sku);\nINSERT INTO lines SELECT id, "none" FROM orders;\n')
    readme = (ROOT / "README.md").read_text()
    shown = readme.partition("d1 plan --offline\n```\n\n```text\n")[2].partition("```")[0]
    assert shown.startswith("…\nwarnings:\n")
    assert prod.d1("plan", "--offline").stdout.endswith(shown.removeprefix("…"))
