"""Failures, and what a tool made of them: read from its exit code and from the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_d1.sqlite.statements import quoted
from tests.support.faults import arrange

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.deployments import Deployment
    from bench.stage import Stage

    NewDeployment = Callable[[Sequence[tuple[str, str]]], Deployment]

_BREAK: Final = "--> statement-breakpoint\n"
_COUNTER: Final = ("0001_counter.sql", "CREATE TABLE counter (id INTEGER);\n")
_COUNT: Final = "INSERT INTO counter VALUES (1);\n"
_HALF: Final = f"CREATE TABLE half (id INTEGER);\n{_BREAK}"
_NO_SUCH_TABLE: Final = "INSERT INTO missing VALUES (1);\n"
_FAMILY: Final = (
    "0001_family.sql",
    _BREAK.join(
        (
            "CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT);\n",
            "CREATE TABLE children (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parents ON DELETE CASCADE);\n",
            "INSERT INTO parents VALUES (1, 'a');\n",
            "INSERT INTO children VALUES (1, 1), (2, 1);\n",
        )
    ),
)
_REBUILD: Final = (
    "0002_rebuild.sql",
    _BREAK.join(
        (
            "PRAGMA foreign_keys=OFF;\n",
            "CREATE TABLE __new_parents (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n",
            "INSERT INTO __new_parents SELECT id, name FROM parents;\n",
            "DROP TABLE parents;\n",
            "ALTER TABLE __new_parents RENAME TO parents;\n",
            "PRAGMA foreign_keys=ON;\n",
        )
    ),
)


def lose_an_answer(stage: Stage, new: NewDeployment) -> str:
    """Lose the answer to a file that must run once, and run the tool again."""
    deployment = new([_COUNTER])
    deployment.run()
    deployment.write([("0002_count.sql", _COUNT)])
    arrange(stage.client, faults=[{"fault": "drop", "when": "after", "endpoint": "query", "contains": "INTO counter"}])
    try:
        first = deployment.run(None).code
    finally:
        arrange(stage.client)
    second = deployment.run(None).code
    return f"{_ended(first)}, then {_ended(second)}; the file ran {_times(_rows(deployment, 'counter'))}"


def fail_in_the_middle(_: Stage, new: NewDeployment) -> str:
    """Let the second statement of a file fail, correct it, and run the tool again."""
    deployment = new([_COUNTER])
    deployment.run()
    deployment.write([("0002_half.sql", _HALF + _NO_SUCH_TABLE)])
    first = deployment.run(None).code
    kept = deployment.database().read("SELECT 1 FROM sqlite_master WHERE name = 'half'") != ()
    deployment.write([("0002_half.sql", _HALF + _COUNT)])
    second = deployment.run(None).code
    left = "its first statement stays" if kept else "nothing of it stays"
    return f"{_ended(first)}, {left}; corrected, it {_ended(second)}"


def rebuild_a_parent(_: Stage, new: NewDeployment) -> str:
    """Rebuild a table that others refer to with ON DELETE CASCADE, as drizzle-kit writes it."""
    deployment = new([_FAMILY])
    deployment.run()
    deployment.write([_REBUILD])
    code = deployment.run(None).code
    return f"{_ended(code)}; {_rows(deployment, 'children')} of 2 rows that refer to the table are left"


def rename_an_applied_file(_: Stage, new: NewDeployment) -> str:
    """Rename a file that was applied, and run the tool again."""
    name = "0002_count.sql"
    deployment = new([_COUNTER, (name, _COUNT)])
    deployment.run()
    (deployment.migrations / name).unlink()
    deployment.write([("0002_renamed.sql", _COUNT)])
    code = deployment.run(None).code
    return f"{_ended(code)}; the file ran {_times(_rows(deployment, 'counter'))}"


SITUATIONS: Final[Mapping[str, Callable[[Stage, NewDeployment], str]]] = {
    "an answer is lost, and the tool runs again": lose_an_answer,
    "the second statement of a file fails": fail_in_the_middle,
    "a table with ON DELETE CASCADE is rebuilt": rebuild_a_parent,
    "an applied file is renamed": rename_an_applied_file,
}


def _rows(deployment: Deployment, table: str) -> int:
    (row,) = deployment.database().read(f"SELECT count(*) AS count FROM {quoted(table)}")  # noqa: S608 - quoted
    return int(row["count"])


def _ended(code: int) -> str:
    return "fails" if code else "succeeds"


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
