r"""The corpus: SQL to run on two engines, read from the files of corpus/, one for each subject.

A file is TOML::

    prepare = ["CREATE TABLE t (a)"]      # optional: a batch that runs before each case of the file

    [cases]
    "one statement" = 'SELECT 1'
    "one batch" = ['SELECT 1', 'SELECT 2']
    "several batches" = [['INSERT INTO t VALUES (1)'], ['SELECT changes()']]
    "parameters, as JSON" = {sql = 'SELECT ?, ?', params = '[1, null]'}
    "text that repeats" = 'SELECT <<1 + *99>>1'
    "text that counts" = 'CREATE TABLE w (<<c#, *99>>last)'

Each case runs on its own database. `<<text*count>>` stands for the repeated text, with each `#` in it replaced by 0, 1,
2 and so on. TOML's literal strings ('...') keep quotes and backslashes; its basic strings ("...") have "\r" and
"\u0000".
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

Batch: TypeAlias = "tuple[dict[str, Any], ...]"
"""Statements to run in one transaction, as items of the API's `batch`: `sql` and, if there are any, `params`."""

_FOLDER: Final = Path(__file__).parent / "corpus"
_REPEAT: Final = re.compile(r"<<(.*?)\*(\d+)>>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Case:
    """One case.

    Attributes:
        name: Subject and name, such as "json: a missing path is NULL".
        prepare: Statements that run first and whose results are not compared.
        batches: Statements to compare, one transaction for each batch.
    """

    name: str
    prepare: Batch
    batches: tuple[Batch, ...]


def subjects() -> list[str]:
    """Return the subjects, in alphabetical order."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def cases(subject: str) -> list[Case]:
    """Return the cases of one subject, in the order of the file."""
    document = tomllib.loads((_FOLDER / f"{subject}.toml").read_text())
    prepare = _batch(document.get("prepare", []))
    return [Case(f"{subject}: {name}", prepare, _batches(value)) for name, value in document["cases"].items()]


def _batches(value: Any) -> tuple[Batch, ...]:
    if isinstance(value, list) and all(isinstance(item, list) for item in value):
        return tuple(_batch(item) for item in value)
    return (_batch(value if isinstance(value, list) else [value]),)


def _batch(items: list[Any]) -> Batch:
    return tuple(_statement(item) for item in items)


def _statement(item: str | dict[str, str]) -> dict[str, Any]:
    if isinstance(item, str):
        return {"sql": _expand(item)}
    return {"sql": _expand(item["sql"]), "params": json.loads(_expand(item["params"]))}


def _expand(text: str) -> str:
    return _REPEAT.sub(lambda match: "".join(match[1].replace("#", str(n)) for n in range(int(match[2]))), text)
