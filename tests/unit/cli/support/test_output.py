"""Output leaves the commands through one door, which escapes it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from pulumi_d1.cli.support.output import print_data, say
from tests.support.paths import ROOT

if TYPE_CHECKING:
    import pytest

SOURCE = ROOT / "infra" / "pulumi_d1"
DOOR = "cli/support/output.py"
OTHERS = {
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
