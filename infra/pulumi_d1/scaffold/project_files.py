"""The files that `d1 init` writes, and its action for each that exists. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from pulumi_d1.errors import ConfigError
from pulumi_d1.system.template import render
from pulumi_d1.system.yaml_text import parse_yaml
from pulumi_d1.wrangler.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PROJECT = "Pulumi.yaml"
_DEV, _PROD = "dev", "prod"
"""The stacks in the templates of the workflows."""
_STACK_FILE = re.compile(r"Pulumi\..+\.yaml")
_OURS = re.compile(r"^[^#]*\bpulumi[-_.]d1(?:-\d|\s*(?:$|[\[=~<>!@;#]))", re.IGNORECASE)
"""Lines of requirements.txt that name this package: a version, an address or a wheel."""
_PLAIN = re.compile(r"(?!(?:true|false|yes|no|on|off|y|n|null)$)[a-z_][a-z0-9_./*-]*", re.IGNORECASE)
"""Values that every YAML parser reads as text without quotes."""


class FileAction(StrEnum):
    """An action for a file, in the words of the output."""

    CREATE = "create"
    ADD = "add to"
    KEEP = "keep"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class ScaffoldFile:
    """A file to write.

    Attributes:
        path: Path from the program's folder, with `/`.
        content: Text, or the bytes of a file that is copied.
        is_lines: True if the lines may be anywhere in an existing file, so that missing ones can be added.
    """

    path: str
    content: str | bytes
    is_lines: bool = False


@dataclass(frozen=True, slots=True)
class FileChange:
    """The action for one file.

    Attributes:
        path: Path from the program's folder, with `/`.
    """

    path: str
    action: FileAction
    content: str | bytes


def program_files(
    name: str, virtualenv: str, shared: Mapping[str, str], stacks: Mapping[str, Mapping[str, str]], requirement: str
) -> Iterator[ScaffoldFile]:
    """Yield the files of the program. The last one, Pulumi.yaml, shows that all of them were written.

    Args:
        virtualenv: Path of the virtual environment from the program's folder.
        shared: Configuration of every stack; keys without namespace.
        stacks: Further configuration, by the stack's name.
        requirement: The line of requirements.txt for this package.
    """
    for stack, config in stacks.items():
        text = render("project/Pulumi.stack.yaml.j2", _YAML, project=name, config=config)
        yield ScaffoldFile(f"Pulumi.{stack}.yaml", text)
    yield ScaffoldFile("__main__.py", render("project/__main__.py.j2", {}))
    yield ScaffoldFile("requirements.txt", f"{requirement}\n", is_lines=True)
    yield ScaffoldFile(".gitignore", f"{virtualenv}/\n.d1/\n__pycache__/\n", is_lines=True)
    text = render("project/Pulumi.yaml.j2", _YAML, name=name, virtualenv=virtualenv, config=shared)
    yield ScaffoldFile(PROJECT, text)


def workflow_file(name: str, text: str, folder: str, virtualenv: str) -> ScaffoldFile:
    """Return a GitHub workflow for this repository.

    Args:
        text: Text of the template, for a program in the repository's root.
        folder: The program's folder, from the repository's root.
        virtualenv: Path of the virtual environment from the program's folder.
    """
    if folder != ".":
        text = text.replace("working-directory: .\n", f"working-directory: {_scalar(folder)}\n")
    return ScaffoldFile(name, text.replace(".venv", virtualenv))


def for_stacks(workflow: str, stacks: Sequence[str], productions: Sequence[str]) -> str:
    """Return a workflow for the stacks of a project: dev and the others run at once, production after an approval.

    Args:
        workflow: Text of the template, for the stacks dev and prod.
        productions: The stacks among `stacks` that are production's.
    """
    others = sorted(set(stacks) - set(productions), key=lambda name: (name != _DEV, name))
    text = workflow.replace(f"--stack {_DEV} --stack {_PROD}", _options([*others, *productions]))
    for stack, names in ((_DEV, others), (_PROD, productions)):
        text = text.replace(f"d1 comment --stack {stack} --state", f"d1 comment {_options(names)} --state")
        text = "".join(_for_names(line, stack, names) for line in text.splitlines(keepends=True))
    return text.replace(
        f"migrate {_DEV} at once, and {_PROD} after", f"migrate {_and(others)} at once, and {_and(productions)} after"
    )


def _options(names: Sequence[str]) -> str:
    return " ".join(f"--stack {name}" for name in names)


def _and(names: Sequence[str]) -> str:
    return " and ".join(names)


def _for_names(line: str, stack: str, names: Sequence[str]) -> str:
    """Return a line that runs pulumi for `stack` once for each of `names`."""
    command = line.strip().removeprefix("run: ")
    if not command.startswith("pulumi ") or f"--stack {stack} " not in command:
        return line
    indent = line[: len(line) - len(line.lstrip())]
    commands = [command.replace(f"--stack {stack} ", f"--stack {name} ") for name in names]
    if not line.strip().startswith("run: "):
        return "".join(f"{indent}{command}\n" for command in commands)
    if len(commands) == 1:
        return f"{indent}run: {commands[0]}\n"
    return f"{indent}run: |\n" + "".join(f"{indent}  {command}\n" for command in commands)


def plan_change(file: ScaffoldFile, present: bytes | None) -> FileChange:
    """Return what to do with a file.

    Args:
        present: Its present content; None if it does not exist.
    """
    if present is None:
        return FileChange(file.path, FileAction.CREATE, file.content)
    if isinstance(file.content, bytes):
        return FileChange(file.path, FileAction.KEEP if present == file.content else FileAction.CONFLICT, present)
    text = present.decode()
    if file.is_lines:
        missing = [line for line in file.content.splitlines() if not _has_line(text, line)]
        separator = "" if not text or text.endswith("\n") else "\n"
        added = text + separator + "".join(f"{line}\n" for line in missing)
        return FileChange(file.path, FileAction.ADD if missing else FileAction.KEEP, added)
    is_kept = _has_content(file.path, file.content, text)
    return FileChange(file.path, FileAction.KEEP if is_kept else FileAction.CONFLICT, text)


def remaining_changes(changes: Sequence[FileChange]) -> list[FileChange]:
    """Return the changes still to make. Once Pulumi.yaml exists, the stacks' files exist too and are the user's."""
    if not any(PurePath(item.path).name == PROJECT and item.action is FileAction.KEEP for item in changes):
        return list(changes)
    return [item for item in changes if not _STACK_FILE.fullmatch(PurePath(item.path).name)]


def _scalar(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else quoted(value)


_YAML = {"scalar": _scalar}


def _has_line(text: str, wanted: str) -> bool:
    """Return whether the text has a line, or another line for the same folder or package."""
    alike = {wanted, wanted.rstrip("/"), f"/{wanted}", f"/{wanted.rstrip('/')}"}
    is_ours = _OURS.search(wanted)
    return any(line.strip() in alike or (is_ours and _OURS.search(line)) for line in text.splitlines())


def _has_content(path: str, wanted: str, present: str) -> bool:
    """Return whether an existing file has all the content to write. A YAML file may have more."""
    if not path.endswith(".yaml"):
        return present.replace("\r\n", "\n") == wanted
    try:
        return _includes(parse_yaml(present), parse_yaml(wanted))
    except ConfigError:
        return False


def _includes(present: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        if not wanted:
            return present is None or isinstance(present, dict)
        return isinstance(present, dict) and all(_includes(present.get(key), value) for key, value in wanted.items())
    return str(present) == str(wanted) if not isinstance(present, bool) else str(present).lower() == str(wanted)
