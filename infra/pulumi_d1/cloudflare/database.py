"""One D1 database behind Cloudflare's REST API."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote

from pulumi_d1.cloudflare import transfer
from pulumi_d1.cloudflare.client import Client, make_client
from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.errors import ApiError, OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import BinaryIO

Row = dict[str, Any]

_CHUNK: Final = 1 << 20  # characters that are encoded at a time


class Database(Protocol):
    """What a D1 database can do for us. Every method raises ApiError or one of its branches."""

    def read(self, sql: str) -> tuple[Row, ...]:
        """Rows of one statement that changes nothing; asked for again when the answer is lost."""

    def write(self, sql: str) -> None:
        """Runs a script as one transaction. Sent once: OutcomeUnknown means that it may have run, or may yet."""

    def import_script(self, *pieces: str) -> None:
        """Does what write does, by way of a file: slower, and the database is blocked, but triggers are cut right.

        Args:
            pieces: of the script, which are not joined: large ones are in memory once.
        """

    def bookmark(self) -> str:
        """Time Travel bookmark of now; asked for again when the answer is lost."""

    def restore(self, bookmark: str) -> str:
        """Puts the database back to a bookmark, and gives the one that undoes it. Sent once, as a write is."""


@dataclass(frozen=True, slots=True)
class D1Api:
    """A Database behind Cloudflare's API. Safe for threads.

    Attributes:
        client: speaks to the API.
        account_id: Cloudflare account.
        database_id: UUID of the database.
        retry: how reads are asked for again.
    """

    client: Client
    account_id: str
    database_id: str
    retry: Retry = field(default_factory=Retry)

    def read(self, sql: str) -> tuple[Row, ...]:
        """See Database."""
        return self.retry.call(lambda: self._query(sql))

    def write(self, sql: str) -> None:
        """See Database."""
        self._query(sql)

    def import_script(self, *pieces: str) -> None:
        """See Database."""
        with TemporaryFile() as file:
            for piece in pieces:
                file.writelines(piece[at : at + _CHUNK].encode() for at in range(0, len(piece), _CHUNK))
            self.import_file(file)

    def import_file(self, file: BinaryIO) -> None:
        """Does what import_script does with a file of UTF-8, which may be larger than memory."""
        transfer.import_file(self.client, self._path, file, self.retry)

    def export(self, file: BinaryIO, *, schema: bool = True, data: bool = True, tables: Collection[str] = ()) -> None:
        """Writes the database to `file` as SQL. It is blocked meanwhile, for other clients too.

        Args:
            file: takes UTF-8; after an error it may hold a part.
            schema: whether CREATE statements are in it.
            data: whether rows are in it.
            tables: names of tables; empty for all.

        Raises:
            ApiError: it can't be exported; Cloudflare refuses databases with virtual tables.
        """
        options = {"no_schema": not schema, "no_data": not data, "tables": list(tables)}
        transfer.export(self.client, self._path, file, self.retry, options)

    def bookmark(self) -> str:
        """See Database."""
        return self.retry.call(self._bookmark)

    def bookmark_at(self, time: datetime) -> str:
        """Time Travel bookmark of the newest moment at or before `time`; asked for again when the answer is lost."""
        return self.retry.call(lambda: self._bookmark(time.astimezone(UTC)))

    def restore(self, bookmark: str) -> str:
        """See Database."""
        path = f"{self._path}/time_travel/restore"
        answer = self.client.call("POST", path, query={"bookmark": bookmark})
        if not isinstance(answer, dict):
            raise OutcomeUnknown(f"Cloudflare's answer is not the JSON that its API promises: {answer!s:.200}")
        return str(answer.get("previous_bookmark") or "")

    @property
    def _path(self) -> str:
        return database_path(self.account_id, self.database_id)

    def _bookmark(self, time: datetime | None = None) -> str:
        query = {"timestamp": time.isoformat()} if time else None
        answer = self.client.call("GET", f"{self._path}/time_travel/bookmark", query=query)
        found = answer.get("bookmark") if isinstance(answer, dict) else None
        if not isinstance(found, str) or not found:
            raise ApiError(f"Cloudflare gave no Time Travel bookmark for database {self.database_id}")
        return found

    def _query(self, sql: str) -> tuple[Row, ...]:
        results = self.client.call("POST", f"{self._path}/query", body={"sql": sql})
        if not isinstance(results, list) or not all(isinstance(item, dict) and item.get("success") for item in results):
            raise OutcomeUnknown(f"D1 answered 200 but no success: {results!s:.200}", status=200)
        return tuple(_row(row) for item in results[-1:] for row in item.get("results") or ())


def connect(account_id: str, database_id: str, *, token: str | None = None, retry: Retry | None = None) -> D1Api:
    """The database `database_id`, with the token given or the one in CLOUDFLARE_API_TOKEN.

    Raises:
        ConfigError: there is no token.
    """
    return D1Api(make_client(token), account_id, database_id, retry or Retry())


def database_path(account_id: str, database: str = "") -> str:
    """Path of a database, by UUID or by name, or of the list of them."""
    path = f"/accounts/{quote(account_id, safe='')}/d1/database"
    return f"{path}/{quote(database, safe='')}" if database else path


def _row(row: object) -> Row:
    if not isinstance(row, dict):
        raise ApiError(f"D1 answered with a row that is not an object, but a {type(row).__name__}")
    return row
