"""Read the rebuilds in a file: which tables it creates again, under which names, and from which rows. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.contract import is_contract
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.statements import comments, iter_statements, normalize_newlines, quoted, words

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pulumi_d1.sqlite.statements import Statement, Word

_BLANK_LINE: Final = "\n\n"
_WRANGLERS: Final = "-- Migration number:"
_DRIZZLES: Final = "--> statement-breakpoint"
_OWN_PRAGMAS: Final = frozenset({"foreign_keys", "defer_foreign_keys"})
_BEFORE_A_TABLE: Final = frozenset({"from", "join", "into", "update", "table"})
_ENDS_A_LIST: Final = frozenset(
    {"select", "where", "group", "order", "set", "values", "having", "limit", "on", "using"}
)
_NO_ALIAS: Final = _ENDS_A_LIST | {
    *("join", "left", "inner", "cross", "natural", "outer", "right", "full", "union", "except", "intersect"),
    *("window", "indexed", "not", "returning", "default"),
}
"""Keywords that may follow a table in a FROM."""


class Role(Enum):
    """The part that a statement plays in the rebuilds of its file."""

    BEFORE = "runs before the first rebuild"
    CREATE = "creates a table again"
    INDEX = "creates an index of such a table"
    SOURCE = "fills a table that the copies read"
    COPY = "copies rows into such a table"
    AFTER = "runs after the copies"


@dataclass(frozen=True, slots=True)
class ScriptPart:
    """A statement of the file, with the names that its tables have in the safe file.

    Attributes:
        table: Folded name of the table that it creates, fills or indexes; empty for other statements.
    """

    role: Role
    sql: str
    table: str = ""


@dataclass(frozen=True, slots=True)
class RebuildScript:
    """The statements of a file, without its DROP and RENAME of rebuilt tables.

    Attributes:
        rebuilt: Folded names of the tables that it drops and creates again.
        dropped_objects: Types and folded names of the indexes, triggers and views that it drops.
        head: The comments that belong to no statement: those at its start, and the mark of a contract file.
    """

    parts: tuple[ScriptPart, ...]
    rebuilt: tuple[str, ...]
    dropped_objects: frozenset[tuple[str, str]]
    head: tuple[str, ...] = ()


@dataclass(slots=True)
class _Names:
    """The tables by their names, statement by statement.

    Attributes:
        tables: The table that has a name now: its old name, or the number of the statement that creates it.
    """

    tables: dict[str, str | int]
    dropped: set[str | int] = field(default_factory=set)

    def follow(self, number: int, sql: Sequence[Word]) -> None:
        """Follow a statement that creates, renames or drops a table."""
        match [word.text if word.is_quoted else word.keyword for word in sql]:
            case ["create", "table", *_]:
                self.tables.setdefault(_target(sql), number)
            case ["alter", "table", *rest] if rest[-3:-1] == ["rename", "to"]:
                if (old := _target(sql)) in self.tables:
                    self.tables[fold(_unquoted(sql[-1]))] = self.tables.pop(old)
            case ["drop", "table", *_]:
                if (old := _target(sql)) in self.tables:
                    self.dropped.add(self.tables.pop(old))


def read_script(sql: str, keep: Mapping[str, str], spelling: Mapping[str, str]) -> RebuildScript:
    """Read a file.

    Args:
        keep: The name of the copy of each table, if it is set aside, by folded name.
        spelling: The names of the tables before the file, as written, by folded name.
    """
    script = normalize_newlines(sql)
    split = list(iter_statements(script))
    statements = [(statement.text, words(statement.text)) for statement in split]
    notes = _notes(script, split)
    names = _Names({table: table for table in spelling})
    history: list[dict[str, str | int]] = []
    for number, (_, tokens) in enumerate(statements):
        history.append(dict(names.tables))
        names.follow(number, tokens)
    history.append(dict(names.tables))
    rebuilt = tuple(t for t in spelling if t in names.dropped and isinstance(names.tables.get(t), int))
    new = {names.tables[table]: table for table in rebuilt}
    passing = {table for table in names.dropped if isinstance(table, int)}

    parts: list[ScriptPart] = []
    started = False
    for number, (text, tokens) in enumerate(statements):
        if _is_own_pragma(tokens):
            continue
        before, after = history[number], history[number + 1]
        verb = tuple(word.keyword for word in tokens[:2])
        target = _target(tokens)
        table = after.get(target) if verb == ("create", "table") else before.get(target)
        if (table in new or table in rebuilt) and _moves(verb, before, after):
            started = True
            continue
        started = started or table in new
        tables = {**before, **after}
        mapping = {name: _now(name, at, rebuilt, keep if started else {}) for name, at in tables.items()}
        mapping |= {name: spelling[new[at]] for name, at in tables.items() if at in new}
        renamed = _with_names(text, tokens, mapping, {name for name, at in tables.items() if at in new})
        role = _role(verb, table, new, passing) if started else Role.BEFORE
        with_notes = "\n".join([*notes[number], renamed])
        parts.append(ScriptPart(role, with_notes, new.get(table, "") if table is not None else ""))
    dropped = {(tokens[1].keyword, _target(tokens)) for _, tokens in statements if tokens[0].keyword == "drop"}
    marks = (comment.text for comment in comments(script) if is_contract(comment.text))
    return RebuildScript(tuple(parts), rebuilt, frozenset(dropped), (*notes[-1], *marks))


def _notes(script: str, statements: Sequence[Statement]) -> defaultdict[int, list[str]]:
    """Return the comments between statements: by the index of the statement that they are about, or -1 for the file.

    Those of Drizzle between statements are left out, and the mark of a contract file.
    """
    notes: defaultdict[int, list[str]] = defaultdict(list)
    end = 0
    for number, statement in enumerate(statements):
        for comment in comments(script[end : statement.offset]):
            is_behind = number > 0 and "\n" not in script[end : end + comment.offset]
            gap = script[end + comment.end : statement.offset]
            is_head = number == 0 and (_BLANK_LINE in gap or comment.text.startswith(_WRANGLERS))
            if not (comment.text.startswith(_DRIZZLES) or is_contract(comment.text)):
                notes[-1 if is_head else number - is_behind].append(comment.text)
        end = statement.end
    return notes


def _moves(verb: tuple[str, ...], before: Mapping[str, str | int], after: Mapping[str, str | int]) -> bool:
    """Return whether a statement drops or renames a table."""
    return verb == ("drop", "table") or (verb == ("alter", "table") and before != after)


def _now(name: str, table: str | int, rebuilt: Collection[str], keep: Mapping[str, str]) -> str:
    """Return the name under which the rows of a table are found. Before the first rebuild, it is the old one."""
    return keep.get(table, name) if isinstance(table, str) and table in rebuilt else name


def _role(verb: tuple[str, ...], table: str | int | None, new: Mapping[str | int, str], passing: set[int]) -> Role:
    is_insert = verb[0] in {"insert", "replace"}
    if table in new:
        if verb == ("create", "table"):
            return Role.CREATE
        if is_insert:
            return Role.COPY
        if verb[0] == "create" and verb[1] in {"index", "unique"}:
            return Role.INDEX
    if table in passing and verb != ("drop", "table"):
        return Role.SOURCE
    return Role.AFTER


def _is_own_pragma(sql: Sequence[Word]) -> bool:
    return len(sql) > 1 and sql[0].keyword == "pragma" and not _OWN_PRAGMAS.isdisjoint(w.text for w in sql[1:4])


def _unquoted(word: Word) -> str:
    return fold(word.text[1:-1]) if word.text.startswith("'") else word.text


def _target(sql: Sequence[Word]) -> str:
    """Return the folded name of the table that a statement creates, changes, drops, fills or indexes."""
    keywords = [word.keyword for word in sql]
    place = next(
        (
            at
            for at, word in enumerate(keywords)
            if word in {"table", "into", "update", "from", "on", "index", "view", "trigger"}
        ),
        -1,
    )
    if keywords[:1] == ["create"] and not {"index", "trigger"}.isdisjoint(keywords[1:4]) and "on" in keywords:
        place = keywords.index("on")
    if keywords[:1] == ["update"]:
        place = 2 if keywords[1:2] == ["or"] else 0
    at = place + 1
    while at < len(sql) and keywords[at] in {"if", "not", "exists"}:
        at += 1
    if at + 2 < len(sql) and keywords[at + 1] == ".":
        at += 2
    return _unquoted(sql[at]) if 0 < at < len(sql) else ""


def _with_names(text: str, sql: Sequence[Word], names: Mapping[str, str], created: Collection[str]) -> str:
    """Return a statement whose tables have other names. A table in a FROM keeps its old name as an alias.

    Args:
        created: The old names of tables that the file creates. Only these can be meant by REFERENCES.
    """
    edits: list[tuple[int, int, str]] = []
    clauses: defaultdict[int, str] = defaultdict(str)
    depth = 0
    is_index = bool(sql) and sql[0].keyword == "create" and sql[1].keyword in {"index", "unique", "trigger"}
    for place, word in enumerate(sql):
        keyword = word.keyword
        depth += (keyword == "(") - (keyword == ")")
        if keyword == "(":
            clauses[depth] = ""
        before = place - 1
        start = word.start
        if before > 0 and sql[before].keyword == "." and sql[before - 1].text == "main":
            start, before = sql[before - 1].start, before - 2
        last = sql[before].keyword if before >= 0 else ""
        in_list = last == "," and clauses[depth] == "from"
        is_on = is_index and last == "on" and depth == 0
        name = _unquoted(word)
        is_created = last == "references" and name in created
        is_table = last in _BEFORE_A_TABLE or last == "exists" or in_list or is_on or is_created
        if is_table and fold(names.get(name, name)) != name:
            follower = sql[place + 1] if place + 1 < len(sql) else None
            reads = last in {"from", "join", ","} and sql[0].keyword != "delete"
            has_alias = follower is not None and (
                follower.keyword == "as"
                or follower.is_quoted
                or (follower.text.isidentifier() and follower.keyword not in _NO_ALIAS)
            )
            alias = f" AS {text[word.start : word.end]}" if reads and not has_alias else ""
            edits.append((start, word.end, f"{quoted(names[name])}{alias}"))
        if keyword == "from":
            clauses[depth] = "from"
        elif keyword in _ENDS_A_LIST - {"on", "using"}:
            clauses[depth] = keyword
    for start, end, new in reversed(edits):
        text = f"{text[:start]}{new}{text[end:]}"
    return text
