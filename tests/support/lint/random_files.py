"""Random databases with rows, and random migrations for them.

Every row has a `tag` that no other row has, such as tb2, and every value belongs to the row with that tag. So whether a
value is lost can be seen without knowing what a migration does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

TABLES: Final = ("ta", "tb", "tc", "td")

_ACTIONS: Final = ("CASCADE", "SET NULL", "SET DEFAULT", "NO ACTION", "RESTRICT", "")
_KEYS: Final = {
    "rowid": "id INTEGER PRIMARY KEY",
    "auto": "id INTEGER PRIMARY KEY AUTOINCREMENT",
    "text": "id TEXT PRIMARY KEY",
    "not rowid": "id INTEGER PRIMARY KEY",
    "unique": "id INTEGER UNIQUE",
    "none": "id INTEGER",
    "pair": "id INTEGER, part TEXT DEFAULT 'p'",
}


@dataclass(frozen=True, slots=True)
class RandomStatement:
    """One statement of a random migration.

    Attributes:
        intended: A query for pairs of tag and column that the statement is meant to delete or change, run before it.
            An empty column stands for all of the row. Empty if it is meant to lose nothing.
    """

    sql: str
    intended: str = ""


@dataclass(slots=True)
class RandomTable:
    """A table of a random database.

    Attributes:
        kind: A key of `_KEYS`.
        parents: The foreign keys: column, parent, and its actions.
        columns: The names of all columns, in order.
    """

    name: str
    kind: str
    parents: list[tuple[str, RandomTable, str]] = field(default_factory=list)
    is_unique: bool = False
    columns: list[str] = field(default_factory=list)
    rows: int = 0

    @property
    def is_pair(self) -> bool:
        """True if the primary key has two columns."""
        return self.kind == "pair"

    def create(self, name: str = "", order: Sequence[str] = (), *, more: str = "", keys: bool = True) -> str:
        """Return the CREATE TABLE statement, perhaps under another name, in another order, or with more in it."""
        written = {"tag": f"tag TEXT{' UNIQUE' if self.is_unique else ''}", "v": "v TEXT", "w": "w TEXT DEFAULT 'd'"}
        for column, parent, _ in self.parents:
            written[column] = f"{column} {'TEXT' if parent.kind == 'text' else 'INTEGER'} DEFAULT 1"
        written |= {"part": "part TEXT DEFAULT 'p'"} if self.is_pair else {}
        written["id"] = _KEYS[self.kind].partition(",")[0]
        parts = [written[column] for column in order or self.columns] + ([more] if more else [])
        parts += ["PRIMARY KEY (id, part)"] if self.is_pair else []
        for column, parent, actions in self.parents if keys else ():
            columns, others = (f"{column}, w", "id, part") if parent.is_pair else (column, "id")
            parts.append(f"FOREIGN KEY ({columns}) REFERENCES {parent.name} ({others}){actions}")
        suffix = " WITHOUT ROWID" if self.kind == "not rowid" else ""
        return f"CREATE TABLE {name or self.name} ({', '.join(parts)}){suffix};"


class RandomDatabase:
    """A schema with rows, and random migrations for it.

    Attributes:
        schema: The statements that create the tables, indexes, views and triggers.
        rows: The statements that insert the rows.
    """

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self.tables = [RandomTable(name, dice.choice(list(_KEYS))) for name in TABLES[: dice.randint(1, 4)]]
        for table in self.tables:
            for column in ("up", "side")[: dice.choice((0, 1, 1, 1, 2))]:
                if parents := [parent for parent in self.tables if parent.kind != "none"]:
                    table.parents.append((column, dice.choice(parents), self._actions()))
            table.is_unique = self._chance(4)
            table.columns = ["id", *(["part"] if table.is_pair else []), "tag", *(c for c, *_ in table.parents)]
            table.columns += ["v", "w"]
            if self._chance(4):
                dice.shuffle(table.columns)
        self.rows = [row for number, table in enumerate(self.tables) for row in self._rows(number, table)]
        self.others: dict[str, str] = dict(
            filter(None, (self._object(number) for number in range(dice.choice((0, 1, 2)))))
        )
        self.schema = [*(table.create() for table in self.tables), *self.others.values()]

    def migration(self) -> list[RandomStatement]:
        """Return a random migration. Some of its statements may be refused."""
        statements = []
        for _ in range(self._dice.choice((1, 1, 2, 3, 4))):
            statements += self._operation()
        return statements

    def harmless_migration(self) -> list[RandomStatement]:
        """Return a random migration that loses nothing."""
        statements = []
        for number in range(self._dice.choice((1, 2, 3))):
            kinds = (self._add_column, self._create_index, self._create_table, self._safe_rebuild)
            statements += self._dice.choice(kinds)(number)
        return statements

    # The database

    def _chance(self, of: int) -> bool:
        return self._dice.randrange(of) == 0

    def _actions(self) -> str:
        delete, update = self._dice.choice(_ACTIONS), self._dice.choice(_ACTIONS)
        actions = f" ON DELETE {delete}" if delete else ""
        actions += f" ON UPDATE {update}" if update else ""
        return actions + (" DEFERRABLE INITIALLY DEFERRED" if self._chance(6) else "")

    def _rows(self, number: int, table: RandomTable) -> list[str]:
        dice, rows = self._dice, []
        table.rows = 0 if self._chance(12) else dice.randint(1, 4)
        for row in range(1, table.rows + 1):
            values = {"id": f"{number + 1}0{row}", "part": "'p'", "tag": f"'{table.name}{row}'", "w": "'p'"}
            values["v"] = "NULL" if self._chance(8) else f"'v{table.name}{row}'"
            if not any(parent.is_pair for _, parent, _ in table.parents):
                values["w"] = "NULL" if self._chance(3) else f"'w{table.name}{row}'"
            for column, parent, _ in table.parents:
                place = self.tables.index(parent) + 1
                values[column] = "NULL" if self._chance(4) else f"{place}0{dice.randint(1, max(1, parent.rows))}"
                values[column] = values[column] if parent.rows or parent is table else "NULL"
            listed = ", ".join(values[column] for column in table.columns)
            rows.append(f"INSERT INTO {table.name} VALUES ({listed});")
        return rows

    def _object(self, number: int) -> tuple[str, str] | None:
        dice, table, other = self._dice, self._any(), self._any()
        body = dice.choice(
            (
                f"DELETE FROM {other.name} WHERE v = old.v",
                f"DELETE FROM {other.name} WHERE w IS NOT NULL",
                f"UPDATE {other.name} SET v = 'fired'",
                f"UPDATE {other.name} SET w = NULL WHERE w = old.w",
                f"UPDATE OR REPLACE {other.name} SET id = 1",
                "SELECT RAISE(ABORT, 'no')",
                "SELECT 1",
            )
        )
        event = dice.choice(("DELETE", "UPDATE", "UPDATE OF v", "DELETE"))
        time = dice.choice(("BEFORE", "AFTER"))
        match dice.randrange(4):
            case 0:
                return f"VIEW vw{number}", f"CREATE VIEW vw{number} AS SELECT * FROM {table.name};"
            case 1:
                return f"INDEX ix{number}", f"CREATE UNIQUE INDEX ix{number} ON {table.name} (v);"
            case 2 if self.tables[1:]:
                text = f"CREATE TRIGGER tr{number} {time} {event} ON {table.name} BEGIN {body}; END;"
                return f"TRIGGER tr{number}", text
            case _:
                return None

    # What migrations do

    def _operation(self) -> list[RandomStatement]:
        copies = (self._rebuild, self._rebuild, self._aside)
        return self._dice.choice((*copies, self._delete, self._update, self._insert, self._drop, self._alter))()

    def _any(self) -> RandomTable:
        return self._dice.choice(self.tables)

    def _quoted(self, name: str) -> str:
        return self._dice.choice((name, name, name, f'"{name}"', f"[{name}]", name.upper(), f"main.{name}"))

    def _where(self, table: RandomTable) -> str:
        row = self._dice.randint(1, 4)
        return self._dice.choice(
            (f"tag = '{table.name}{row}'", f"\"tag\" > '{table.name}{row}'", "w IS NULL", "v <> ''")
        )

    def _delete(self) -> list[RandomStatement]:
        table = self._any()
        name = self._quoted(self._dice.choice((table.name, table.name, table.name, f"{table.name}_x")))
        if self._chance(3):
            where = self._dice.choice(("", " WHERE 1", ' WHERE "no_such" > 1'))
            return [RandomStatement(f"DELETE FROM {name}{where};")]
        where = self._where(table)
        return [RandomStatement(f"DELETE FROM {name} WHERE {where};", f"SELECT tag, '' FROM {name} WHERE {where}")]

    def _update(self) -> list[RandomStatement]:
        table = self._any()
        name = self._quoted(table.name)
        column = self._dice.choice([*table.columns, "v", "id"])
        value = self._dice.choice(("NULL", "'new'", "v", "id + 1", "1", f"(SELECT max({column}) FROM {name})", column))
        conflict = self._dice.choice(("", "", "OR REPLACE ", "OR IGNORE "))
        if self._chance(3):
            return [RandomStatement(f"UPDATE {conflict}{name} SET {column} = {value};")]
        where = self._where(table)
        changed = "" if column == "tag" else column  # without its tag, nothing of the row can be found
        intended = f"SELECT tag, '{changed}' FROM {name} WHERE {where}"
        return [RandomStatement(f"UPDATE {conflict}{name} SET {column} = {value} WHERE {where};", intended)]

    def _insert(self) -> list[RandomStatement]:
        table = self._any()
        name, row = self._quoted(table.name), self._dice.randint(1, 5)
        key = f"{self.tables.index(table) + 1}0{row}"
        named = ["id", *(c for c in table.columns if c not in {"id", "part"} and self._chance(2))]
        values = {"id": key, "tag": f"'{table.name}{row}'"}
        listed = ", ".join(values.get(column, "'new'" if column in {"v", "w"} else "NULL") for column in named)
        into = f"{name} ({', '.join(named)}) VALUES ({listed})"
        intended = " UNION ALL ".join(f"SELECT tag, '{column}' FROM {name} WHERE id = {key}" for column in named)
        match self._dice.randrange(4):
            case 0:
                return [RandomStatement(f"INSERT OR IGNORE INTO {into};")]
            case 1:
                write = ", ".join(f"{column} = excluded.{column}" for column in named)
                return [RandomStatement(f"INSERT INTO {into} ON CONFLICT DO UPDATE SET {write};", intended)]
            case 2:
                return [RandomStatement(f"INSERT OR REPLACE INTO {into};", intended)]
            case _:
                return [RandomStatement(f"REPLACE INTO {into};", intended)]

    def _copy(self, table: RandomTable, source: str, target: str) -> str:
        """Return an INSERT that copies a table."""
        dice, columns = self._dice, list(table.columns)
        conflict = dice.choice(("", "", "", "", "OR IGNORE ", "OR REPLACE "))
        tail = dice.choice(("", "", "", "", f" WHERE {self._where(table)}", " GROUP BY w", " LIMIT 2"))
        if self._chance(3):
            return f"INSERT {conflict}INTO {target} SELECT * FROM {source}{tail};"
        if self._chance(4):
            columns.remove(dice.choice(columns))
        values = list(columns)
        if self._chance(4):
            at = dice.randrange(len(values))
            values[at] = dice.choice(
                ("NULL", "'new'", '"no_such"', "v", "w", f"coalesce({values[at]}, 'x')", f"upper({values[at]})")
            )
        return f"INSERT {conflict}INTO {target} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {source}{tail};"

    def _rebuild(self) -> list[RandomStatement]:
        dice, table = self._dice, self._any()
        name, order = table.name, list(table.columns)
        if self._chance(3):
            dice.shuffle(order)
        more = dice.choice(("", "", "extra TEXT", "UNIQUE (w)", "CHECK (v <> 'x')", "UNIQUE (tag) ON CONFLICT REPLACE"))
        keys = not self._chance(4)
        if self._chance(2):
            new = table.create(f"{name}_new", order, more=more, keys=keys)
            texts = [new, self._copy(table, name, f"{name}_new"), f"DROP TABLE {name};"]
            texts += [f"ALTER TABLE {name}_new RENAME TO {name};"]
        else:
            new = table.create("", order, more=more, keys=keys)
            texts = [f"ALTER TABLE {name} RENAME TO {name}_old;", new, self._copy(table, f"{name}_old", name)]
            texts += [f"DROP TABLE {name}_old;"]
        if self._chance(6):
            dice.shuffle(texts)
        if self._chance(2):
            texts = ["PRAGMA defer_foreign_keys = ON;", *texts, *self._off()]
        return [RandomStatement(text) for text in texts]

    def _off(self) -> list[str]:
        return ["PRAGMA defer_foreign_keys = OFF;"] if self._chance(2) else []

    def _aside(self) -> list[RandomStatement]:
        table = self._any()
        name = self._dice.choice((table.name, f"{table.name}_k", f"{table.name}_new"))
        target = self._dice.choice((f"{table.name}_k", f"{table.name}_x"))
        create = self._dice.choice((f"CREATE TABLE {target} AS SELECT * FROM {name};", table.create(target)))
        texts = [create, f"INSERT INTO {target} SELECT * FROM {name};" if "AS SELECT" not in create else "SELECT 1;"]
        between = self._operation() if self._chance(2) else []
        # A REPLACE of rows that are there means to overwrite them.
        back = self._copy(table, target, table.name).replace("OR REPLACE ", "")
        after = self._dice.sample((back, f"DROP TABLE {target};", table.create()), self._dice.randint(0, 3))
        return [*map(RandomStatement, texts), *between, *map(RandomStatement, after)]

    def _drop(self) -> list[RandomStatement]:
        table = self._any()
        texts = [
            f"DROP TABLE {self._quoted(table.name)};",
            f"DROP TABLE IF EXISTS {table.name}_k;",
            f"ALTER TABLE {table.name} DROP COLUMN {self._dice.choice(table.columns)};",
            "DROP TRIGGER tr0;",
            "DROP VIEW vw0;",
            table.create(),
        ]
        return [RandomStatement(self._dice.choice(texts))]

    def _alter(self) -> list[RandomStatement]:
        table = self._any()
        column, name = self._dice.choice(table.columns), self._quoted(table.name)
        texts = (
            [f"ALTER TABLE {name} RENAME TO {table.name}_x;"],
            [f"ALTER TABLE {table.name}_x RENAME TO {table.name};"],
            [f"ALTER TABLE {name} RENAME COLUMN {column} TO {column}2;"],
            [f"ALTER TABLE {name} ADD COLUMN more DEFAULT 'm';"],
            [
                f"ALTER TABLE {name} ADD COLUMN {column}3;",
                f"UPDATE {name} SET {column}3 = {column};",
                f"ALTER TABLE {name} DROP COLUMN {column};",
            ],
            ["PRAGMA defer_foreign_keys = ON;"],
            ["PRAGMA defer_foreign_keys = OFF;"],
        )
        return [RandomStatement(text) for text in self._dice.choice(texts)]

    # What loses nothing

    def _add_column(self, number: int) -> list[RandomStatement]:
        name = self._quoted(self._any().name)
        kind = self._dice.choice(("TEXT", "TEXT DEFAULT 'x'", "INTEGER NOT NULL DEFAULT 0"))
        texts = [f"ALTER TABLE {name} ADD COLUMN new{number} {kind};"]
        texts += [f"UPDATE {name} SET new{number} = 'y' WHERE new{number} IS NULL;"] if kind == "TEXT" else []
        return [RandomStatement(text) for text in texts] if not self._has_triggers else []

    def _create_index(self, number: int) -> list[RandomStatement]:
        table = self._any()
        return [RandomStatement(f"CREATE INDEX index{number} ON {table.name} (tag, id);")]

    def _create_table(self, number: int) -> list[RandomStatement]:
        table = self._any()
        create = f"CREATE TABLE new_table{number} (id INTEGER PRIMARY KEY, label TEXT);"
        return [
            RandomStatement(create),
            RandomStatement(f"INSERT INTO new_table{number} (label) SELECT tag FROM {table.name};"),
        ]

    @property
    def _has_triggers(self) -> bool:
        return any(name.startswith("TRIGGER") for name in self.others)

    def _safe_rebuild(self, number: int) -> list[RandomStatement]:
        """Return a rebuild with the tables that reference it set aside, unless keys form a circle."""
        table = self._any()
        family = [table]
        for member in family:
            family += [t for t in self.tables if t not in family and any(p is member for _, p, _ in t.parents)]
        ordered = _in_order(family)
        if not ordered or number:
            return []
        columns = ", ".join(table.columns)
        children, texts = ordered[1:], [f"DROP {name};" for name in self.others]
        for child in reversed(children):
            texts += [f"CREATE TABLE {child.name}_keep AS SELECT * FROM {child.name};", f"DROP TABLE {child.name};"]
        order = self._dice.sample(table.columns, len(table.columns))
        texts += [table.create(f"{table.name}_new", order, more="added TEXT DEFAULT 'x'")]
        texts += [f"INSERT INTO {table.name}_new ({columns}) SELECT {columns} FROM {table.name};"]
        texts += [f"DROP TABLE {table.name};", f"ALTER TABLE {table.name}_new RENAME TO {table.name};"]
        for child in children:
            texts += [child.create(), f"INSERT INTO {child.name} SELECT * FROM {child.name}_keep;"]
            texts += [f"DROP TABLE {child.name}_keep;"]
        return [RandomStatement(text) for text in (*texts, *self.others.values())]


def _in_order(family: list[RandomTable]) -> list[RandomTable]:
    """Return the tables with each parent before its children; nothing if they form a circle."""
    ordered: list[RandomTable] = []
    while len(ordered) < len(family):
        ready = [
            table
            for table in family
            if table not in ordered and not any(p in family and p not in ordered for _, p, _ in table.parents)
        ]
        if not ready:
            return []
        ordered += ready
    return ordered
