"""The command line: help, mistakes, completion."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from pulumi_d1.cli.main import COMMANDS as LAZY
from pulumi_d1.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator


def commands(group: click.Group, *path: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield " ".join([*path, name]), command
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)


COMMANDS = dict(commands(main))


@pytest.mark.parametrize("name", COMMANDS)
def test_help_keeps_the_lines_of_examples_apart(name: str) -> None:
    command = COMMANDS[name]
    shown = command.get_help(click.Context(command, info_name=f"d1 {name}", **main.context_settings))
    assert "\\b" not in shown
    after = shown.partition("Examples:")[2].splitlines()
    assert after, "every command has examples"
    assert after[1].strip().startswith(f"d1 {name}")


def test_the_short_help_is_the_first_sentence_of_the_help() -> None:
    first_sentences = {name: COMMANDS[name].get_short_help_str(limit=200) for name in LAZY}
    assert first_sentences == {name: short_help for name, (_, short_help) in LAZY.items()}


def test_help_imports_no_command() -> None:
    program = (
        "import sys\n"
        "from pulumi_d1.cli.main import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert process.stdout.startswith("Usage:")
    modules = {module.partition(":")[0] for module, _ in LAZY.values()}
    assert modules.isdisjoint(process.stderr.split())
    assert "pulumi_d1.cli.main" in process.stderr.split()


def test_the_lists_of_commands_cut_no_summary_short() -> None:
    groups = [main, *(command for command in COMMANDS.values() if isinstance(command, click.Group))]
    for group in groups:
        context = click.Context(group, info_name="d1", terminal_width=80, **main.context_settings)
        listed = group.get_help(context).partition("Commands:")[2]
        assert [line for line in listed.splitlines() if line.endswith("...")] == []


def d1(*arguments: str, folder: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "d1"), *arguments]
    environment = {**os.environ, **variables}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("stauts",), "No such command 'stauts'. Did you mean 'status'?"),
        (("plan", "--stak", "dev"), "No such option '--stak'. Did you mean '--stack'?"),
        (("plan", "dev"), "Got unexpected extra argument (dev)"),
        (("release",), "Missing argument 'FILE'"),
        (("--nonsense",), "No such option '--nonsense'"),
    ],
)
def test_a_wrong_command_line_has_an_exit_code_of_its_own(arguments: tuple[str, ...], message: str) -> None:
    done = d1(*arguments)
    assert (done.returncode, done.stdout) == (64, ""), "2 means pending files"
    assert message in done.stderr


def test_no_mistake_in_a_file_ends_in_a_traceback(tmp_path: Path) -> None:
    project, stack = tmp_path / "Pulumi.yaml", tmp_path / "Pulumi.dev.yaml"
    for text in (b"\xff\xfe", b"- a", b"a: [", b"runtime: python"):
        project.write_bytes(text)
        done = d1("plan", "--offline", folder=tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"Error: {project}: ")
    project.write_text("name: shop")
    stack.mkdir()
    assert "there is no migrations folder" in d1("plan", "--offline", folder=tmp_path).stderr
    stack.rmdir()
    stack.write_bytes(b"\xff")
    assert d1("plan", "--offline", folder=tmp_path).stderr.startswith(f"Error: {stack}: is not UTF-8 text")


def test_a_closed_output_is_no_error() -> None:
    script = f"{Path(sys.executable).parent / 'd1'} --help | head -1"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)  # noqa: S607 - any shell
    assert done.stdout.startswith("Usage: d1 ")
    assert done.stderr == ""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with two stacks; one has a quarantine."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n")
    (tmp_path / "Pulumi.dev.yaml").write_text(f"config:\n  shop:quarantine: 0002_b.sql@{'0' * 12}\n")
    (tmp_path / "Pulumi.prod.yaml").write_text("config: {}\n")
    (tmp_path / "migrations").mkdir()
    for name in ("0001_a.sql", "0002_b.sql"):
        (tmp_path / "migrations" / name).write_text("SELECT 1;")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("d1 rest", ["restore"]),
        ("d1 plan --stack ", ["dev", "prod"]),
        ("d1 render --stack p", ["prod"]),
        ("d1 baseline --through ", ["0001_a.sql", "0002_b.sql"]),
        ("d1 restore --before 0002", ["0002_b.sql"]),
        ("d1 release ", ["0002_b.sql"]),
        ("d1 release --stack prod ", []),
        ("d1 explain d10", [f"D10{number}" for number in range(1, 10)]),
    ],
)
def test_a_shell_completes_commands_stacks_and_files(folder: Path, words: str, offered: list[str]) -> None:
    typed = words.split(" ")
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(len(typed) - 1), "_D1_COMPLETE": "bash_complete"}
    done = d1(folder=folder, **asked)
    assert [line.removeprefix("plain,") for line in done.stdout.split()] == offered
    assert done.stderr == ""


def test_without_a_project_a_shell_completes_nothing(tmp_path: Path) -> None:
    for words in ("d1 plan --stack ", "d1 restore --before ", "d1 release "):
        asked = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" ")), "_D1_COMPLETE": "bash_complete"}
        done = d1(folder=tmp_path, **asked)
        assert (done.stdout.strip(), done.stderr) == ("", "")


def test_each_shell_has_a_completion_script() -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "_D1_COMPLETE" in d1(_D1_COMPLETE=f"{shell}_source").stdout


def test_commands_import_urllib3_only_for_a_request() -> None:
    program = "import sys, pulumi_d1.cli.plan, pulumi_d1.cli.status; print('urllib3' in sys.modules)"
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert process.stdout == "False\n"
