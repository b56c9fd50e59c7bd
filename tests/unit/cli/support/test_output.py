"""Output leaves the commands through one door, which escapes it."""

from __future__ import annotations

import ast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_d1.cli.support.output import print_data, say
from pulumi_d1.escaping import escape_lines
from tests.support.paths import ROOT
from tests.support.terminal import Terminal, terminal

SOURCE = ROOT / "infra" / "pulumi_d1"
DOOR = "cli/support/output.py"
OTHERS = {
    "cli/explain.py": {"echo"},  # our own documentation
    "cli/support/confirm.py": {"confirm", "prompt"},
    "cli/support/pulumi_process.py": {"echo"},  # Pulumi's own output
    "cli/support/table.py": {"echo"},  # cells that are escaped there
}
PRINTERS = {"echo", "secho", "prompt", "confirm", "print", "print_json"}


def printers_in(text: str) -> set[str]:
    """Return the functions of click and of pulumi that a module calls or passes on to print."""
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "click" and node.attr in PRINTERS:
                names.add(node.attr)
            if node.value.id == "pulumi" and node.attr in {"warn", "error", "RunError"}:
                names.add(f"pulumi.{node.attr}")
    return names


def test_no_module_prints_past_the_door() -> None:
    found = {str(file.relative_to(SOURCE)): printers_in(file.read_text()) for file in SOURCE.rglob("*.py")}
    assert found.pop(DOOR) >= {"echo", "prompt"}
    assert found.pop("program/pulumi_sdk.py") == {"pulumi.warn", "pulumi.RunError"}
    assert {file: names for file, names in found.items() if names - OTHERS.get(file, set())} == {}


def test_both_streams_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\x1b[31m\n::error::b")
    say("c\u202e", err=True)
    print_data('{"a": "##[error]\x7f"}')
    output, errors = capsys.readouterr()
    assert output == 'a\\u001b[31m\n\\u003a:error::b\n{"a": "\\u0023#[error]\\u007f"}\n'
    assert errors == "c\\u202e\n"


ADVICE = "  Give `--missing-files` a value, and then run 'd1 plan --stack prod --offline' again, before anything else."


def on_terminal(monkeypatch: pytest.MonkeyPatch, text: str, columns: int = 40, **variables: str) -> list[str]:
    with terminal(monkeypatch, columns, **variables) as stream:
        say(text)
    return stream.getvalue().splitlines()


def test_a_terminal_gets_lines_that_break_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert on_terminal(monkeypatch, ADVICE) == [
        "  Give `--missing-files` a value, and",
        "    then run",
        "    'd1 plan --stack prod --offline'",
        "    again, before anything else.",
    ]
    assert on_terminal(monkeypatch, ADVICE, 120) == [ADVICE]


def test_a_log_gets_lines_as_they_are(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    say(f"{ADVICE}\nerrors:\n+ table a")
    assert capsys.readouterr().out == f"{ADVICE}\nerrors:\n+ table a\n"


@pytest.mark.parametrize(
    "line",
    [
        "  restore   wrangler d1 time-travel restore your-app-db-dev --bookmark=00000085-0000024c",
        "d1 plan --stack prod --offline --json --and-more-of-them",
        "CLOUDFLARE_BASE_URL=http://127.0.0.1:8787/client/v4 pulumi up --stack dev",
        "https://developers.cloudflare.com/d1/best-practices/remote-development/",
    ],
)
def test_a_command_and_a_long_word_stay_whole(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert on_terminal(monkeypatch, line) == [line]


def test_colours_mark_errors_warnings_and_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["Error: no", "warnings:", "  + table a", "  - table b", "  ~ table c", "- and", "plain"]
    red, green, yellow, bold, end = "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[1m", "\x1b[0m"
    assert on_terminal(monkeypatch, "\n".join(lines)) == [
        f"{red}{bold}✗ Error:{end} no",
        f"{yellow}{bold}⚠ warnings:{end}",
        f"{green}  + table a{end}",
        f"{red}  - table b{end}",
        f"{yellow}  ~ table c{end}",
        f"{red}- and{end}",
        "plain",
    ]
    assert on_terminal(monkeypatch, "\n".join(lines), NO_COLOR="1") == lines
    assert on_terminal(monkeypatch, "\n".join(lines), TERM="dumb") == lines


def test_a_terminal_without_unicode_gets_no_symbol(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Terminal, "encoding", "ascii")
    assert on_terminal(monkeypatch, "Error: no") == ["\x1b[31m\x1b[1mError:\x1b[0m no"]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from("ab-:'` \n")), st.integers(20, 40))
def test_no_word_is_broken_or_lost(monkeypatch: pytest.MonkeyPatch, text: str, columns: int) -> None:
    lines = on_terminal(monkeypatch, text, columns, NO_COLOR="1")
    assert " ".join(lines).split() == escape_lines(text).split()
    assert [line for line in lines if len(line) > columns and " " in line.strip()] == []
