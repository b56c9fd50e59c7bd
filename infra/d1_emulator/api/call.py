"""A request as handlers receive it: authenticated. The parts of its path are checked when a handler reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from d1_emulator.api_errors import Malformed, RouteUnknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.responses import Response

    from d1_emulator.databases.emulated_database import EmulatedDatabase
    from d1_emulator.databases.registry import Registry
    from d1_emulator.transfers.shared import Transfers

DATABASES: Final = "/accounts/{account}/d1/database"
DATABASE: Final = DATABASES + "/{database}"

_ACCOUNT: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,31}")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Call:
    """A request with the right token.

    Attributes:
        origin: The origin of the address that the client used, such as "http://127.0.0.1:8787".
        path: The values of the placeholders in the route's path.
        query: The query string; if a name is repeated, its last value.
        strict_splitter: True if SQL is split as the service splits it; see `splitter`.
        imports_by_statement: True if an import commits each statement, where others can read it.
        imports_die_ms: None, or imports by statement die after half of their statements, and are undone so much later.
        null_replication: True if a disabled read replication is shown as null.
    """

    registry: Registry
    transfers: Transfers
    origin: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    strict_splitter: bool = False
    imports_by_statement: bool = False
    imports_die_ms: int | None = None
    null_replication: bool = False

    @property
    def account(self) -> str:
        """The account in the path. Raises RouteUnknown for anything that cannot be one, as the service does."""
        account = self.path["account"]
        if not _ACCOUNT.fullmatch(account):
            raise RouteUnknown
        return account

    @property
    def uuid(self) -> str:
        """The database's uuid in the path, in lower case. Raises Malformed for anything else."""
        uuid = self.path["database"].lower()
        if not _UUID.fullmatch(uuid):
            raise Malformed.at("databaseId", "Invalid uuid")
        return uuid

    @property
    def region(self) -> str:
        """The region of the database in the path. Raises DatabaseNotFound."""
        return self.registry.find(self.account, self.uuid).region

    @property
    def database(self) -> EmulatedDatabase:
        """The database in the path. Raises DatabaseNotFound, or Busy during an import or export of it."""
        database = self.registry.database(self.account, self.uuid)
        self.transfers.check(self.uuid)
        return database

    @property
    def readable_database(self) -> EmulatedDatabase:
        """As `database`, but an import by statement raises Busy only for what writes."""
        if not self.imports_by_statement:
            return self.database
        self.transfers.check_export(self.uuid)
        return self.registry.database(self.account, self.uuid)


Handler: TypeAlias = "Callable[[Call], Response]"
Routes: TypeAlias = "Mapping[str, Mapping[str, Handler]]"
"""Path below /client/v4 -> method -> handler."""
