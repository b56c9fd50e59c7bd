"""A request as handlers see it: authenticated, and its path taken apart and checked when a handler asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from d1_emulator.api import requests

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.responses import Response

    from d1_emulator.databases.database import Database
    from d1_emulator.databases.registry import Registry
    from d1_emulator.transfers.shared import Transfers


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has the right token.

    Attributes:
        registry: all databases.
        transfers: their imports and exports.
        origin: of the address that the client used, such as "http://127.0.0.1:8787".
        path: values of the placeholders of the route's path.
        query: the query string; of a name given twice, the last value.
        body: as sent.
        strict_splitter: whether SQL is cut as the service cuts it; see `splitter`.
    """

    registry: Registry
    transfers: Transfers
    origin: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    strict_splitter: bool = False

    @property
    def account(self) -> str:
        """The account in the path, checked."""
        return requests.account_id(self.path["account"])

    @property
    def uuid(self) -> str:
        """The database's uuid in the path, checked."""
        return requests.database_id(self.path["database"])

    @property
    def region(self) -> str:
        """Where the database in the path runs. Raises DatabaseNotFound."""
        return self.registry.find(self.account, self.uuid).region

    @property
    def database(self) -> Database:
        """The database in the path. Raises DatabaseNotFound, and Busy while it is being imported into or exported."""
        database = self.registry.database(self.account, self.uuid)
        self.transfers.check(self.uuid)
        return database


Handler: TypeAlias = "Callable[[Call], Response]"
