"""One D1 database behind Cloudflare's REST API."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol
from urllib.parse import quote

from pulumi_d1.cloudflare import transfer
from pulumi_d1.cloudflare.answers import is_bookmark, is_number, parse_object
from pulumi_d1.cloudflare.client import Client, make_client
from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.errors import ApiError, OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import timedelta
    from typing import BinaryIO


class Row(dict[str, Any]):
    """A row: values by column."""

    def __missing__(self, column: str) -> NoReturn:
        """Raise OutcomeUnknown: D1 returns each column that a query names."""
        raise OutcomeUnknown(f"D1 returned a row without the column '{column}'")


_CHUNK: Final = 1 << 20  # characters that are encoded at a time


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The result of one statement.

    Attributes:
        rows_read: Number of rows that D1 counted as read, in tables and indexes.
        size: Size of the database in bytes, as in Cloudflare's `file_size`.
    """

    rows: tuple[Row, ...]
    rows_read: int
    size: int


class Database(Protocol):
    """A D1 database. Every method raises ApiError or one of its subclasses."""

    def read(self, sql: str) -> tuple[Row, ...]:
        """Return the rows of one statement that changes nothing. Repeated if the answer is lost."""

    def query(self, statements: Sequence[str]) -> tuple[QueryResult, ...]:
        """Return the results of statements that change nothing, in one request. Repeated if the answer is lost."""

    def write(self, sql: str) -> tuple[QueryResult, ...]:
        """Run a script as one transaction, and return the result of each statement.

        Sent once: OutcomeUnknown means that it may have run, or may run later.
        """

    def import_script(self, *pieces: str, timeout: timedelta | None = None) -> None:
        """Run a script as a file: slower, blocks the database, allows any trigger, and may be no transaction.

        Args:
            pieces: The pieces of the script. They are not joined, so that a large one is in memory only once.
            timeout: How long to wait for the end of the import; None for half an hour.
        """

    def bookmark(self) -> str:
        """Return the Time Travel bookmark of this moment. Repeated if the answer is lost."""

    def restore(self, bookmark: str) -> str:
        """Restore the database to a bookmark, and return the bookmark that undoes this. Sent once, as a write."""


@dataclass(frozen=True, slots=True)
class D1Api:
    """A Database behind Cloudflare's API. Safe for threads.

    Attributes:
        database_id: The database's UUID.
    """

    client: Client
    account_id: str
    database_id: str
    retry: Retry = field(default_factory=Retry)

    def read(self, sql: str) -> tuple[Row, ...]:
        """Return the rows of one statement that changes nothing."""
        results = self.retry.call(lambda: self._query(sql))
        return results[-1].rows if results else ()

    def query(self, statements: Sequence[str]) -> tuple[QueryResult, ...]:
        """Return the results of statements that change nothing, in one request."""
        results = self.retry.call(lambda: self._query(";\n".join(statements)))
        if len(results) != len(statements):
            raise OutcomeUnknown(f"D1 returned {len(results)} results for {len(statements)} statements")
        return results

    def write(self, sql: str) -> tuple[QueryResult, ...]:
        """Run a script as one transaction. Sent once."""
        return self._query(sql)

    def import_script(self, *pieces: str, timeout: timedelta | None = None) -> None:
        """Run a script as a file. Sent once."""
        with TemporaryFile() as file:
            for piece in pieces:
                file.writelines(piece[at : at + _CHUNK].encode() for at in range(0, len(piece), _CHUNK))
            self.import_file(file, timeout)

    def import_file(self, file: BinaryIO, timeout: timedelta | None = None) -> None:
        """Run a file of UTF-8 as `import_script` does. The file may be larger than memory."""
        transfer.import_file(self.client, self._path, file, self.retry, timeout)

    def export(self, file: BinaryIO, *, schema: bool = True, data: bool = True, tables: Collection[str] = ()) -> None:
        """Write the database to `file` as SQL. The database is blocked meanwhile, for other clients too.

        Args:
            file: The target, in UTF-8. After an error it may contain a part of the SQL.
            schema: False to leave out the CREATE statements.
            data: False to leave out the rows.
            tables: Names of tables; empty for all.

        Raises:
            ApiError: The export failed. Cloudflare refuses databases with virtual tables.
        """
        options = {"no_schema": not schema, "no_data": not data, "tables": list(tables)}
        transfer.export(self.client, self._path, file, self.retry, options)

    def bookmark(self) -> str:
        """Return the Time Travel bookmark of this moment."""
        return self.retry.call(self._bookmark)

    def bookmark_at(self, time: datetime) -> str:
        """Return the Time Travel bookmark of the newest moment at or before `time`. Repeated if the answer is lost."""
        return self.retry.call(lambda: self._bookmark(time.astimezone(UTC)))

    def restore(self, bookmark: str) -> str:
        """Restore the database to a bookmark, and return the bookmark that undoes this. Sent once."""
        answer = self.client.call("POST", f"{self._path}/time_travel/restore", query={"bookmark": bookmark})
        undo = parse_object(answer.result).get("previous_bookmark")
        return undo if is_bookmark(undo) else ""

    @property
    def _path(self) -> str:
        return database_path(self.account_id, self.database_id)

    def _bookmark(self, time: datetime | None = None) -> str:
        query = {"timestamp": time.isoformat()} if time else None
        answer = self.client.call("GET", f"{self._path}/time_travel/bookmark", query=query)
        bookmark = answer.result.get("bookmark") if isinstance(answer.result, dict) else None
        if not is_bookmark(bookmark):
            raise ApiError(f"Cloudflare returned no valid Time Travel bookmark for database {self.database_id}")
        return bookmark

    def _query(self, sql: str) -> tuple[QueryResult, ...]:
        return _parse_results(self.client.call("POST", f"{self._path}/query", body={"sql": sql}).result)


def connect(account_id: str, database_id: str, *, token: str | None = None, retry: Retry | None = None) -> D1Api:
    """Return the database, with the token or the one in CLOUDFLARE_API_TOKEN. Sends no request.

    Raises:
        ConfigError: The token is missing or malformed.
    """
    return D1Api(make_client(token), account_id, database_id, retry or Retry())


def database_path(account_id: str, database: str = "") -> str:
    """Return the API's path of a database, given by UUID or name, or of the list of databases."""
    path = f"/accounts/{quote(account_id, safe='')}/d1/database"
    return f"{path}/{quote(database, safe='')}" if database else path


def _parse_results(results: Any) -> tuple[QueryResult, ...]:
    """Return the result of each statement, at least one.

    Raises:
        OutcomeUnknown: It is not a result of D1, or a failure.
    """
    if not isinstance(results, list) or not results:
        raise OutcomeUnknown("D1 answered HTTP 200 without a result", status=HTTPStatus.OK)
    return tuple(map(_parse_result, results))


def _parse_result(result: Any) -> QueryResult:
    if not isinstance(result, dict) or result.get("success") is not True:
        raise OutcomeUnknown("D1 answered HTTP 200 without success", status=HTTPStatus.OK)
    rows, meta = result.get("results") or [], result.get("meta")
    if not isinstance(rows, list):
        raise OutcomeUnknown(f"D1 returned rows that are not a list, but a {type(rows).__name__}")
    for row in rows:
        if not isinstance(row, dict):
            raise OutcomeUnknown(f"D1 returned a row that is not an object, but a {type(row).__name__}")
    figures = meta if isinstance(meta, dict) else {}
    rows_read, size = (value if is_number(value := figures.get(name)) else 0 for name in ("rows_read", "size_after"))
    return QueryResult(tuple(map(Row, rows)), rows_read, size)
