"""The page of `d1 report` has what it promises, loads nothing, and takes no name for markup.

D1_RECORD=1 pytest tests/integration/cli/test_report.py writes the picture of docs/report.md.
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.sqlite.statements import quoted
from tests.integration.cli.test_hostile_names import arrange as arrange_hostile
from tests.integration.cli.test_no_values import FILES as LOSSES
from tests.integration.cli.test_no_values import LIVE as ROWS
from tests.integration.cli.test_no_values import MARKS
from tests.support.browser import READERS, open_page
from tests.support.cli_state import give_state
from tests.support.hostile_names import faults_of
from tests.support.paths import ROOT
from tests.support.report_sample import arrange

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.support.cli_project import ReviewedDatabase

PICTURE = ROOT / "docs" / "report-page.png"
STYLE = re.compile(r"(?<=<style>).*(?=</style>)", re.DOTALL)
RECORDED = ROOT / "tests" / "support" / "recorded" / "report.html"
WHITE, DARK = "rgb(255, 255, 255)", "rgb(13, 17, 23)"

MARKUP = (
    "<img src=x onerror=alert(1)>",
    "</style><script>alert(2)</script>",
    "\"'><a href=javascript:alert(3) style=position:fixed>",
    "--><svg onload=alert(4)>",
    "{{ 7 * 7 }}&lt;b&gt;",
)
"""Names that attack a page."""

FORBIDDEN = {"b", "base", "embed", "foreignobject", "form", "iframe", "image", "img", "link", "object", "script", "use"}


class Page(HTMLParser):
    """The elements and attributes of a page, with its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.policy = ""
        self.style = ""
        self.text = ""
        self._open = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name in {"href", "src", "action", "data", "xlink:href"}:
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")
        values = dict(attrs)
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"] or ""

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - HTMLParser's signature
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open == "style":
            self.style += data
        else:
            self.text += data


def report(prod: ReviewedDatabase, *arguments: str, code: int = 0) -> str:
    """Run the command, and return the page."""
    done = prod.d1("report", *arguments)
    assert done.exit_code == code, done.output
    assert "report.html: written" in done.output
    assert faults_of(done.output) == []
    return (prod.folder / "report.html").read_text()


def test_the_page_has_the_state_the_findings_the_schema_and_the_past(
    prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrange(prod, monkeypatch)
    html = report(prod)
    dev, production = html.split('<h2 id="environment-2">')
    assert "Every file is applied." in dev
    assert "2 errors: <code>pulumi up</code> would apply nothing." in production
    line = '<li value="4"><code>DROP TABLE users;</code>\n<div class="finding error">'
    assert line in production
    assert "<strong>Error D101</strong> dropping users would delete 1,204 rows of sessions (user_id)" in production
    assert '<g class="box added" role="list" aria-label="added: table tags">' in production
    assert 'aria-label="removed: body TEXT"' in production
    assert "d1 restore --stack prod --before 0003_posts.sql" in production
    assert "--before 0002_sessions.sql" not in html, "its bookmark has expired"
    page = Page(html)
    assert len(page.ids) == len(set(page.ids))
    assert set(page.links) <= {f"#{anchor}" for anchor in page.ids}


def test_the_page_allows_its_own_style_and_nothing_else(
    prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrange(prod, monkeypatch)
    page = Page(report(prod))
    digest = b64encode(sha256(page.style.encode()).digest()).decode()
    assert page.policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert page.tags & FORBIDDEN == set()
    assert {name for name in page.attributes if name == "style" or name.startswith("on")} == set()
    assert "url(" not in page.style
    assert "@import" not in page.style


def hostile(prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a page on which every name attacks a terminal, a CI system or the page."""
    arrange_hostile(prod, monkeypatch)
    columns = "".join(f"CREATE TABLE {quoted(name)} ({quoted(name)} TEXT DEFAULT {quoted(name)});\n" for name in MARKUP)
    prod.write("0003_markup.sql", f"{columns}-- {MARKUP[1]}\nDELETE FROM {quoted(MARKUP[0])};\n")
    return report(prod)


def test_no_name_becomes_markup_or_a_command(prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    html = hostile(prod, monkeypatch)
    page = Page(html)
    assert faults_of(html) == []
    assert page.tags & FORBIDDEN == set()
    assert {link for link in page.links if not link.startswith("#environment-")} == set()
    assert {name for name in page.attributes if name == "style" or name.startswith("on")} == set()
    for name in MARKUP:
        assert f"column {name}.{name}" in page.text or f"table {name}" in page.text
    assert r"line\n::error::forged" in page.text


def test_no_value_of_a_row_is_on_the_page(prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    prod.migrate(ROWS)
    give_state(prod, ["0001_live.sql"], "ada", monkeypatch)
    for number, sql in enumerate(LOSSES, 2):
        prod.write(f"{number:04}_loss.sql", sql)
    html = report(prod)
    assert "Error D" in html
    for mark in MARKS:
        assert mark not in html


def test_an_environment_that_cannot_be_read_hides_no_other(
    prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrange(prod, monkeypatch)
    (prod.folder / "Pulumi.dev.yaml").write_text("config:\n  your-app:bindng: '<b>'\n")
    html = report(prod, code=1)
    assert "This environment cannot be read: the configuration of stack &#39;dev&#39; has mistakes" in html
    assert "Error D101" in html


def test_a_database_that_is_gone_is_named(prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    arrange(prod, monkeypatch)
    prod.database.client.call("DELETE", f"/accounts/{prod.database.account_id}/d1/database/{prod.database.database_id}")
    html = report(prod, "--stack", "prod")
    assert "The database does not exist any more." in html
    assert "History" not in html


def test_a_stack_that_does_not_exist_is_refused(prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    arrange(prod, monkeypatch)
    done = prod.d1("report", "--stack", "pord")
    assert done.exit_code == 1
    assert "there is no stack 'pord': this project has dev, prod" in done.output
    assert not (prod.folder / "report.html").exists()


def opened_without_faults(page: Path, readers: Sequence[str], screenshot: Path | None = None) -> str:
    """Open a page as its readers do, and return its text."""
    opened = open_page(page, readers, screenshot)
    assert opened.violations == {reader: [] for reader in readers}
    assert opened.same, "it looks the same with JavaScript off"
    assert (opened.requests, opened.messages, opened.scripts) == ([], [], 0)
    assert opened.backgrounds == {"screen light": WHITE, "screen dark": DARK, "print dark": WHITE}
    return opened.shown


@pytest.mark.slow
def test_a_browser_shows_it_to_everyone(
    prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    arrange(prod, monkeypatch)
    html = report(prod)
    record = os.environ.get("D1_RECORD")
    shown = opened_without_faults(tmp_path / "report.html", READERS, PICTURE if record else None)
    assert "dropping users would delete 1,204 rows of sessions (user_id)" in shown
    html = STYLE.sub("", html)  # it stands in templates/report.css, and its digest in the page
    if record:
        RECORDED.write_text(html)
    assert html == RECORDED.read_text(), "if the change is meant, record it with its picture: see the docstring"
    assert PICTURE.is_file()


@pytest.mark.slow
def test_a_browser_shows_hostile_names_as_text(
    prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hostile(prod, monkeypatch)
    shown = opened_without_faults(tmp_path / "report.html", READERS[:1])
    for name in MARKUP:
        assert name in shown
