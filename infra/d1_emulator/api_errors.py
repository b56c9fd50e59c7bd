"""Each error that the API answers with: Cloudflare's code, the HTTP status, and the service's text.

Codes and texts are those that users of the service have reported, unless a docstring names another source.
"""

from __future__ import annotations

from typing import ClassVar


class RequestError(Exception):
    """Base of the errors; `str()` returns the text of the answer.

    Args:
        facts: The values for the placeholders of `text`.
    """

    code: ClassVar[int]
    status: ClassVar[int] = 400
    text: ClassVar[str] = "{}"

    def __init__(self, *facts: object) -> None:
        super().__init__(self.text.format(*facts))


class Malformed(RequestError):
    """A property of the request is missing or wrong."""

    code = 7400

    @classmethod
    def at(cls, name: str, problem: str) -> Malformed:
        """Name the property, as the service does."""
        return cls(f"Invalid property: {name} => {problem}")


class DatabaseNotFound(RequestError):
    """The account has no database with this id or name."""

    code = 7404
    status = 404
    text = "database not found"


class LimitReached(RequestError):
    """The account has reached its limit of databases."""

    code = 7406
    text = "System limit reached: databases per account ({})"


class RestoresExhausted(RequestError):
    """The database was restored too often of late. The emulator's own code and text: the service's are not public."""

    code = 7406
    status = 429
    text = "System limit reached: restores per database ({} in {:g} seconds)"


class RateLimited(RequestError):
    """The token has sent too many requests of late, over the whole API."""

    code = 971
    status = 429
    text = "Please wait and consider throttling your request speed"


class StatementRefused(RequestError):
    """D1's rules, or SQLite, refuse the SQL. The only error whose `result` is an empty list, not null."""

    code = 7500


class ServiceLimit(RequestError):
    """A limit of the service, not a mistake in the SQL, stopped the request. Nothing has taken effect."""

    code = 7500


class StorageTimeout(ServiceLimit):
    """A query took longer than 30 seconds, or wrote gigabytes (Cloudflare's error list). Users report the code."""

    code = 7429
    status = 429
    text = "D1 DB storage operation exceeded timeout which caused object to be reset."


class Overloaded(ServiceLimit):
    """The request waited too long for the one before it (Cloudflare's error list). Users report the code."""

    code = 7429
    status = 429
    text = "D1 DB is overloaded. Requests queued for too long."


class MemoryExceeded(ServiceLimit):
    """A query needed too much memory (Cloudflare's error list). The code and the status are the general ones."""

    status = 500
    text = "D1 DB's isolate exceeded its memory limit and was reset."


class StorageReset(ServiceLimit):
    """The process that ran the query ended (Cloudflare's error list). The code and the status are the general ones."""

    status = 500
    text = "Internal error in D1 DB storage caused object to be reset."


class DatabaseFull(ServiceLimit):
    """The database has reached its largest size. Users report text and code of the REST API."""

    text = "Exceeded maximum DB size"


class AccountFull(ServiceLimit):
    """All databases of the account are too large (Cloudflare's error list). The code is the general one."""

    text = (
        "Your account has exceeded D1's maximum account storage limit, please contact Cloudflare to raise your limit."
    )


class DailyLimit(ServiceLimit):
    """The free plan's rows of a day, "read" or "write", are used up. Users report text and code of the REST API."""

    text = (
        "Your account has exceeded D1's free tier daily row {} limit. "
        "Upgrade to a paid plan or wait until tomorrow (midnight UTC) to continue."
    )


class ResultTooLarge(ServiceLimit):
    """The result is larger than 50 MB (Cloudflare's limits). The emulator's own text: the service's is not public."""

    text = "Exceeded maximum query result size"


class TimeUnavailable(RequestError):
    """Time Travel has no moment for this timestamp. The emulator's own code and text: the service's are not public."""

    code = 7400


class BookmarkUnknown(RequestError):
    """The database has no such bookmark. The emulator's own code and text: the service's are not public."""

    code = 7400
    text = "bookmark {} is not one of this database's"


class NameTaken(RequestError):
    """Another database of the account has this name. The text is wrangler's; clients go by the code."""

    code = 7502
    text = "A database with that name already exists"


class Busy(RequestError):
    """An import or export of the database is running. Users report the text; the code is the general one."""

    code = 7500
    text = "Currently processing a long-running {}."


class ImportDied(RequestError):
    """The import has ended without a result. Only a fault causes it. Polls find no import; users report the text."""

    code = 7500
    text = "Not currently importing anything."


class RouteUnknown(RequestError):
    """No such path."""

    code = 7003
    status = 404
    text = "No route for the URI"


class MethodUnknown(RequestError):
    """The path exists, but not with this method."""

    code = 7001
    status = 405
    text = "Method not available for that URI"


class CredentialsMissing(RequestError):
    """The request has no credentials at all."""

    code = 9106
    text = "Missing X-Auth-Key, X-Auth-Email or Authorization headers"


class CredentialsWrong(RequestError):
    """The token is not the one that this emulator was started with."""

    code = 10000
    status = 401
    text = "Authentication error"


class OtherAccount(RequestError):
    """The token is for another account, or lacks D1. Users report text and code; the status follows the code."""

    code = 7403
    status = 403
    text = "The given account is not valid or is not authorized to access this service"


class HostRefused(RequestError):
    """The request is for another host, as those of a web page after DNS rebinding are. The emulator's own error."""

    code = 1003
    status = 421
    text = "The emulator answers only requests to 127.0.0.1, localhost and [::1], with its port"


class Internal(RequestError):
    """A mistake of the emulator. The log has the same reference, beside the traceback."""

    code = 7500
    status = 500
    text = "internal error; reference = {}"


class HiddenFailure(RequestError):
    """A failure with HTTP status 200. Only a fault causes it: see `faults.rules`."""

    code = 7500
    status = 200
    text = "internal error"
