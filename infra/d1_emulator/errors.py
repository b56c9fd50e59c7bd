"""Each error that the API answers with: Cloudflare's code, the HTTP status, and the service's text.

Codes and texts are those that users of the service have reported, unless a docstring says otherwise.

    ApiError
    |-- Malformed              7400  a property of the request is missing or wrong
    |-- DatabaseNotFound       7404
    |-- LimitReached           7406  databases of the account
    |-- RestoresExhausted      7406  restores of the database
    |-- RateLimited             971  requests with the token
    |-- SqlRefused             7500  D1 or SQLite refuses the SQL
    |-- TimeUnavailable        7400  Time Travel has nothing at this time
    |-- BookmarkUnknown        7400  Time Travel has no such bookmark
    |-- NameTaken              7502
    |-- Busy                   7500  an import or export of the database is running
    |-- RouteUnknown           7003
    |-- MethodUnknown          7001
    |-- CredentialsMissing     9106
    |-- CredentialsWrong      10000
    |-- Internal               7500  with HTTP status 500
    `-- HiddenFailure          7500  with HTTP status 200
"""

from __future__ import annotations

from typing import ClassVar


class ApiError(Exception):
    """Base of the tree. `str()` of it is the text of the answer.

    Attributes:
        code: Cloudflare's error code.
        status: HTTP status.
    """

    code: ClassVar[int]
    status: ClassVar[int] = 400


class Malformed(ApiError):
    """A property of the request is missing or wrong."""

    code = 7400

    @classmethod
    def at(cls, name: str, problem: str) -> Malformed:
        """Name the property, as the service does."""
        return cls(f"Invalid property: {name} => {problem}")


class DatabaseNotFound(ApiError):
    """No database with this id or name in this account."""

    code = 7404
    status = 404

    def __init__(self) -> None:
        super().__init__("database not found")


class LimitReached(ApiError):
    """The account holds as many databases as it may."""

    code = 7406

    def __init__(self, limit: int) -> None:
        super().__init__(f"System limit reached: databases per account ({limit})")


class RestoresExhausted(ApiError):
    """The database was restored too often of late. Code and text are this emulator's: the service's are not public."""

    code = 7406
    status = 429

    def __init__(self, limit: int, seconds: float) -> None:
        super().__init__(f"System limit reached: restores per database ({limit} in {seconds:g} seconds)")


class RateLimited(ApiError):
    """Too many requests of late, over the whole API."""

    code = 971
    status = 429

    def __init__(self) -> None:
        super().__init__("Please wait and consider throttling your request speed")


class SqlRefused(ApiError):
    """D1's rules, or SQLite, refuse the SQL. The one error whose `result` is an empty list, not null."""

    code = 7500


class TimeUnavailable(ApiError):
    """No moment for a timestamp. Code and text are this emulator's: nobody has published the service's."""

    code = 7400


class BookmarkUnknown(ApiError):
    """Not a bookmark of this database. Code and text are this emulator's: nobody has published the service's."""

    code = 7400

    def __init__(self, bookmark: str) -> None:
        super().__init__(f"bookmark {bookmark} is not one of this database's")


class NameTaken(ApiError):
    """Another database of the account has this name. The text is wrangler's; clients go by the code."""

    code = 7502

    def __init__(self) -> None:
        super().__init__("A database with that name already exists")


class Busy(ApiError):
    """An import or export of the database is running. Users report the text; the code is the general one."""

    code = 7500

    def __init__(self, kind: str) -> None:
        super().__init__(f"Currently processing a long-running {kind}.")


class RouteUnknown(ApiError):
    """No such path."""

    code = 7003
    status = 404

    def __init__(self) -> None:
        super().__init__("No route for the URI")


class MethodUnknown(ApiError):
    """The path exists, with other methods."""

    code = 7001
    status = 405

    def __init__(self) -> None:
        super().__init__("Method not available for that URI")


class CredentialsMissing(ApiError):
    """The request carries no credentials at all."""

    code = 9106

    def __init__(self) -> None:
        super().__init__("Missing X-Auth-Key, X-Auth-Email or Authorization headers")


class CredentialsWrong(ApiError):
    """The token is not the one that this emulator was started with."""

    code = 10000
    status = 401

    def __init__(self) -> None:
        super().__init__("Authentication error")


class Internal(ApiError):
    """A mistake of the emulator's own. The reference is in the log beside the traceback."""

    code = 7500
    status = 500

    def __init__(self, reference: str) -> None:
        super().__init__(f"internal error; reference = {reference}")


class HiddenFailure(ApiError):
    """A failure that the HTTP status hides. Only ever on purpose: see `stress.faults`."""

    code = 7500
    status = 200

    def __init__(self) -> None:
        super().__init__("internal error")
