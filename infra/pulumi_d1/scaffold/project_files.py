"""What `d1 init` writes, and what it makes of a file that is there. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import yaml

from pulumi_d1.system.template import render
from pulumi_d1.wrangler.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PROJECT = "Pulumi.yaml"
_STACK_FILE = re.compile(r"Pulumi\..+\.yaml")
_PLAIN = re.compile(r"(?!(?:true|false|yes|no|on|off|y|n|null)$)[a-z_][a-z0-9_./*-]*", re.IGNORECASE)
"""Values that each reader of YAML takes for the text that they are."""


class Fate(StrEnum):
    """What becomes of a file."""

    CREATE = "create"
    ADD = "add to"
    KEEP = "keep"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class File:
    """A file as it should be.

    Attributes:
        path: from the program's folder, with `/`.
        text: of a new file.
        is_lines: whether its lines may stand anywhere in a file that is there, and be added to it.
    """

    path: str
    text: str
    is_lines: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one file.

    Attributes:
        path: as in File.
        fate: what becomes of it.
        text: the whole of its new text.
    """

    path: str
    fate: Fate
    text: str


def program(
    name: str, virtualenv: str, shared: Mapping[str, str], stacks: Mapping[str, Mapping[str, str]], version: str
) -> Iterator[File]:
    """The files of the program. The last one tells that all of them are there.

    Args:
        name: of the Pulumi project.
        virtualenv: path of the virtual environment from the program's folder.
        shared: keys for every stack, without namespace.
        stacks: further keys, by the stack's name.
        version: of this package.
    """
    for stack, config in stacks.items():
        text = render("project/Pulumi.stack.yaml.j2", _YAML, project=name, config=config)
        yield File(f"Pulumi.{stack}.yaml", text)
    yield File("__main__.py", render("project/__main__.py.j2", {}))
    yield File("requirements.txt", f"pulumi-d1~={version}\n", is_lines=True)
    yield File(".gitignore", f"{virtualenv}/\n.d1/\n__pycache__/\n", is_lines=True)
    text = render("project/Pulumi.yaml.j2", _YAML, name=name, virtualenv=virtualenv, config=shared)
    yield File(PROJECT, text)


def workflow(name: str, text: str, folder: str, virtualenv: str) -> File:
    """A workflow of GitHub Actions for this repository.

    Args:
        name: of the file.
        text: of the template, for a program in the repository's root.
        folder: of the program, from the repository's root.
        virtualenv: path of the virtual environment from the program's folder.
    """
    if folder != ".":
        text = text.replace("working-directory: .\n", f"working-directory: {_scalar(folder)}\n")
    return File(name, text.replace(".venv", virtualenv))


def change(file: File, present: str | None) -> Change:
    """What becomes of `file`.

    Args:
        file: as it should be.
        present: its text; None where there is no such file.
    """
    if present is None:
        return Change(file.path, Fate.CREATE, file.text)
    if file.is_lines:
        missing = [line for line in file.text.splitlines() if not _has_line(present, line)]
        between = "" if not present or present.endswith("\n") else "\n"
        added = present + between + "".join(f"{line}\n" for line in missing)
        return Change(file.path, Fate.ADD if missing else Fate.KEEP, added)
    return Change(file.path, Fate.KEEP if _says(file, present) else Fate.CONFLICT, present)


def unfinished(changes: Sequence[Change]) -> list[Change]:
    """What is left to do: where the last file is there, the stacks' files have been written and are the user's."""
    if not any(PurePath(item.path).name == PROJECT and item.fate is Fate.KEEP for item in changes):
        return list(changes)
    return [item for item in changes if not _STACK_FILE.fullmatch(PurePath(item.path).name)]


def _scalar(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else quoted(value)


_YAML = {"scalar": _scalar}


def _has_line(text: str, line: str) -> bool:
    """Whether a line is there, or another that names the same folder or package."""
    word = line.partition("~=")[0]
    alike = {line, line.rstrip("/"), f"/{line}", f"/{line.rstrip('/')}"}
    return any(
        found.strip() in alike or (word != line and found.replace("_", "-").startswith(word))
        for found in text.splitlines()
    )


def _says(file: File, present: str) -> bool:
    """Whether a file that is there says all that it should; a YAML file may say more."""
    if not file.path.endswith(".yaml"):
        return present.replace("\r\n", "\n") == file.text
    try:
        return _includes(yaml.safe_load(present), yaml.safe_load(file.text))
    except yaml.YAMLError:
        return False


def _includes(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        if not wanted:
            return found is None or isinstance(found, dict)
        return isinstance(found, dict) and all(_includes(found.get(key), value) for key, value in wanted.items())
    return str(found) == str(wanted) if not isinstance(found, bool) else str(found).lower() == str(wanted)
