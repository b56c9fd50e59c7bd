"""Random databases whose tables reference each other, and files that rebuild some of them as other tools do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pulumi_d1.sqlite.statements import quoted

if TYPE_CHECKING:
    from random import Random

ACTIONS: Final = ("CASCADE", "SET NULL", "SET DEFAULT", "NO ACTION", "RESTRICT", "")
KEYS: Final = {
    "rowid": "id INTEGER PRIMARY KEY",
    "auto": "id INTEGER PRIMARY KEY AUTOINCREMENT",
    "text": "id TEXT PRIMARY KEY COLLATE NOCASE",
    "without rowid": "id TEXT NOT NULL PRIMARY KEY",
    "unique": "id INTEGER UNIQUE",
    "index": "id INTEGER",
    "pair": "id INTEGER NOT NULL, part TEXT NOT NULL",
}
NAMES: Final = ("users", "order", "Tag s", "logs", "it's", "keep_users")
DEPTH: Final = 5


@dataclass(slots=True)
class Key:
    """A foreign key: its column, and for a pair the column of the second part."""

    column: str
    parent: Table
    on_delete: str
    on_update: str
    not_null: bool
    deferred: bool


@dataclass(slots=True)
class Table:
    """A table with its rows.

    Attributes:
        kind: A key of KEYS.
        rows: Values by column.
    """

    name: str
    kind: str
    keys: list[Key] = field(default_factory=list)
    rows: list[dict[str, object]] = field(default_factory=list)
    has_generated: bool = False

    @property
    def columns(self) -> list[str]:
        own = ["id", *(["part"] if self.kind == "pair" else [])]
        for key in self.keys:
            own += [key.column, *([f"{key.column}_part"] if key.parent.kind == "pair" else [])]
        return [*own, "v", "w"]

    def create(self, name: str = "", *, more: str = "") -> str:
        lines = [KEYS[self.kind]]
        for key in self.keys:
            suffix = " NOT NULL" if key.not_null else ""
            suffix += " DEFAULT 1" if key.parent.kind in {"rowid", "auto"} else ""
            lines.append(
                f"{key.column} {'TEXT' if key.parent.kind in {'text', 'without rowid'} else 'INTEGER'}{suffix}"
            )
            if key.parent.kind == "pair":
                lines.append(f"{key.column}_part TEXT")
        lines += ["v TEXT", "w BLOB"]
        if self.has_generated:
            lines.append("g TEXT GENERATED ALWAYS AS (v || 'x') VIRTUAL")
        lines += [more] if more else []
        lines += ["PRIMARY KEY (id, part)"] if self.kind == "pair" else []
        for key in self.keys:
            pair = key.parent.kind == "pair"
            own, theirs = (f"{key.column}, {key.column}_part", "id, part") if pair else (key.column, "id")
            actions = f" ON DELETE {key.on_delete}" if key.on_delete else ""
            actions += f" ON UPDATE {key.on_update}" if key.on_update else ""
            actions += " DEFERRABLE INITIALLY DEFERRED" if key.deferred else ""
            lines.append(f"FOREIGN KEY ({own}) REFERENCES {quoted(key.parent.name)} ({theirs}){actions}")
        end = " WITHOUT ROWID" if self.kind == "without rowid" else ""
        return f"CREATE TABLE {quoted(name or self.name)} (\n  {f',{chr(10)}  '.join(lines)}\n){end};"


class RandomSchema:
    """Tables in levels, each of which may reference those above it, itself, and in a cycle those below it.

    Attributes:
        objects: The statements that create everything.
    """

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self.tables: list[Table] = []
        for number in range(dice.randint(2, DEPTH + 1)):
            table = Table(NAMES[number], dice.choice(list(KEYS)), has_generated=dice.randrange(5) == 0)
            for column in ("up", "side")[: dice.choice((1, 1, 1, 2))]:
                # The last table is the usual parent, so that the chain is long.
                parents = [*self.tables, *self.tables[-1:] * 3, *([table] if dice.randrange(3) == 0 else [])]
                if parents:
                    table.keys.append(self._key(column, dice.choice(parents)))
            self.tables.append(table)
        if len(self.tables) > 1 and dice.randrange(3) == 0:
            first, last = dice.sample(self.tables, 2)
            first.keys.append(self._key("back", last, nullable=dice.randrange(4) > 0))
        for number, table in enumerate(self.tables):
            self._fill(number, table)
        self.objects = self._statements()

    def dangerous(self) -> str:
        """Return a file that rebuilds one to three tables, in a random style and order."""
        chosen = self._dice.sample(self.tables, self._dice.choice((1, 1, 1, 2, min(3, len(self.tables)))))
        style = self._dice.choice((self._drizzle, self._drizzle, self._by_hand, self._backup))
        body = "\n".join(style(table) for table in chosen)
        return f"PRAGMA foreign_keys=OFF;\n{body}\nPRAGMA foreign_keys=ON;\n"

    def _drizzle(self, table: Table) -> str:
        new, columns = f"__new_{table.name}", ", ".join(map(quoted, table.columns))
        return (
            f"{table.create(new, more='added TEXT')}\n"
            f"INSERT INTO {quoted(new)} ({columns}) SELECT {columns} FROM {quoted(table.name)};\n"
            f"DROP TABLE {quoted(table.name)};\nALTER TABLE {quoted(new)} RENAME TO {quoted(table.name)};\n"
            + self._indexes(table)
        )

    def _by_hand(self, table: Table) -> str:
        old, columns = f"old_{table.name}", ", ".join(map(quoted, table.columns))
        return (
            f"ALTER TABLE {quoted(table.name)} RENAME TO {quoted(old)};\n{table.create(more='added TEXT')}\n"
            f"INSERT INTO {quoted(table.name)} ({columns}) SELECT {columns} FROM {quoted(old)};\n"
            f"DROP TABLE {quoted(old)};\n" + self._indexes(table)
        )

    def _backup(self, table: Table) -> str:
        copy, columns = f"copy_of_{table.name}", ", ".join(map(quoted, table.columns))
        return (
            f"CREATE TABLE {quoted(copy)} AS SELECT * FROM {quoted(table.name)};\nDROP TABLE {quoted(table.name)};\n"
            f"{table.create(more='added TEXT')}\n"
            f"INSERT INTO {quoted(table.name)} ({columns}) SELECT {columns} FROM {quoted(copy)};\n"
            f"DROP TABLE {quoted(copy)};\n" + self._indexes(table)
        )

    def _indexes(self, table: Table) -> str:
        if table.kind != "index":
            return ""
        return f"CREATE UNIQUE INDEX {quoted(f'by id of {table.name}')} ON {quoted(table.name)} (id);\n"

    def _key(self, column: str, parent: Table, *, nullable: bool = False) -> Key:
        dice = self._dice
        return Key(
            column,
            parent,
            dice.choice(ACTIONS),
            dice.choice(ACTIONS),
            not nullable and dice.randrange(3) == 0,
            dice.randrange(6) == 0,
        )

    def _fill(self, number: int, table: Table) -> None:
        texts = table.kind in {"text", "without rowid"}
        ids = [f"{'k' if texts else ''}{number + 1}{n}" for n in range(self._dice.choice((2, 3, 15)))]
        for n, text in enumerate(ids):
            row: dict[str, object] = {"id": text if texts else int(text), "v": f"v{number}{n}", "w": n}
            if table.kind == "pair":
                row["part"] = f"p{n}"
            table.rows.append(row)

    def _linked(self, table: Table) -> None:
        for place, row in enumerate(table.rows):
            for key in table.keys:
                parents = key.parent.rows
                parent = None if self._dice.randrange(4) == 0 and not key.not_null else self._dice.choice(parents)
                if key.parent is table and key.not_null:
                    parent = table.rows[max(place - 1, 0)]  # a chain, deeper than D1 follows triggers
                row[key.column] = parent["id"] if parent else None
                if key.parent.kind == "pair":
                    row[f"{key.column}_part"] = parent["part"] if parent else None

    def _statements(self) -> list[str]:
        made = [text for table in self.tables for text in (table.create(), self._indexes(table).strip()) if text]
        for number, table in enumerate(self.tables):
            self._linked(table)
            if self._dice.randrange(2):
                made.append(f"CREATE INDEX {quoted(f'by v {number}')} ON {quoted(table.name)} (v);")
        if self._dice.randrange(2):
            made.append(f"CREATE VIEW seen AS SELECT * FROM {quoted(self._dice.choice(self.tables).name)};")
        if self._dice.randrange(3) == 0:
            name = quoted(self._dice.choice(self.tables).name)
            made.append(f"CREATE TRIGGER watch AFTER UPDATE ON {name} BEGIN UPDATE {name} SET v = 'fired'; END;")
        return made

    @property
    def rows(self) -> list[str]:
        """The statements that insert the rows. Foreign keys hold after the last one."""
        made = []
        for table in self.tables:
            for row in table.rows:
                values = ", ".join(map(_literal, row.values()))
                made.append(f"INSERT INTO {quoted(table.name)} ({', '.join(map(quoted, row))}) VALUES ({values});")
            if table.kind == "auto":
                made.append(f"UPDATE sqlite_sequence SET seq = 9999 WHERE name = {_literal(table.name)};")
        return made


def _literal(value: object) -> str:
    if value is None or isinstance(value, int):
        return "NULL" if value is None else str(value)
    return "'" + str(value).replace("'", "''") + "'"
