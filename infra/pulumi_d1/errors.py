"""Every exception that this project raises on purpose. Imports nothing, so that any module can import it.

    D1Error
    |-- ConfigError            a setting, a name or a file of the user is invalid
    |-- SqlError               D1's rules or SQLite refused a statement
    |-- ApiError               Cloudflare answered a request with an error
    |   |-- NotFound           the database does not exist (7404)
    |   |-- Unauthorized       the token is invalid or lacks a permission (10000)
    |   |-- SqlRefused         D1 refused the SQL (400, 7500): the whole request is rolled back
    |   |-- TryLater           too many requests (429), or an import blocks the database: nothing was run
    |   `-- OutcomeUnknown     no answer, or a 5xx: the request may have taken effect
    |-- PlanRefused            a problem in the migrations folder is an error by the stack's policy
    |-- MigrationFailed        a migration failed during a run
    |-- RestoreFailed          a restore failed, or its result is unknown
    |-- CopyFailed             a database could not be copied
    |-- SeedFailed             a seed failed during a run
    |-- PulumiFailed           the pulumi command failed, and has printed why
    |   `-- StackLocked        another run has locked the stack
    `-- NotConfirmed           the user did not confirm a command

Each message contains what is wrong, where, and what to do. Callers print it and nothing else.
"""

from __future__ import annotations


class D1Error(Exception):
    """The base of all exceptions of this project."""


class ConfigError(D1Error):
    """A setting, a name or a file of the user is invalid."""


class SqlError(D1Error):
    """D1's rules or SQLite refused a statement.

    Attributes:
        statement: 0-based index of the statement in its script; None if the error is not about a single one.
        offset: 0-based offset in UTF-8 bytes from the start of that statement; None if SQLite gives none. For a script
            of one statement, it counts from the start of the text, comments included.
    """

    def __init__(self, message: str, *, statement: int | None = None, offset: int | None = None) -> None:
        super().__init__(message)
        self.statement = statement
        self.offset = offset


class ApiError(D1Error):
    """Cloudflare answered a request with an error.

    Attributes:
        code: Cloudflare's error code, such as 7500; None if the answer had none.
        status: HTTP status; None if there was no answer.
        retry_after: Seconds to wait before another request; None if Cloudflare did not give any.
    """

    def __init__(
        self, message: str, *, code: int | None = None, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.retry_after = retry_after


class NotFound(ApiError):
    """The database does not exist."""


class Unauthorized(ApiError):
    """The token is invalid or lacks a permission."""


class SqlRefused(ApiError):
    """D1 refused the SQL. A request is one transaction, so nothing was applied."""


class TryLater(ApiError):
    """There are too many requests, or an import blocks the database. Nothing was applied."""


class OutcomeUnknown(ApiError):
    """There was no answer, or a 5xx. The request may have taken effect: read the database before repeating it."""


class PlanRefused(D1Error):
    """A problem in the migrations folder is an error by the stack's policy. Nothing was written."""


class MigrationFailed(D1Error):
    """A migration failed during a run. Earlier migrations stay applied, unless the run restored the database.

    Attributes:
        applied: Names of the migrations that this run applied before the failure and that are still applied.
        failed: Name of the failed migration; empty if all ran, but the database differs from the rehearsal.
        bookmark: Time Travel bookmark from before the run's first write.
    """

    def __init__(self, message: str, *, applied: tuple[str, ...], failed: str, bookmark: str) -> None:
        super().__init__(message)
        self.applied = applied
        self.failed = failed
        self.bookmark = bookmark


class RestoreFailed(D1Error):
    """A database was not restored to a bookmark, or the result of the restore is unknown."""


class CopyFailed(D1Error):
    """A new database could not be made a copy of another one."""


class SeedFailed(D1Error):
    """A seed failed during a run. The rows of earlier seeds stay.

    Attributes:
        ran: Names of the seeds that this run completed before the failure.
    """

    def __init__(self, message: str, *, ran: tuple[str, ...]) -> None:
        super().__init__(message)
        self.ran = ran


class PulumiFailed(D1Error):
    """The pulumi command failed. It has printed the reason."""


class StackLocked(PulumiFailed):
    """Another run has locked the stack. Nothing was done."""


class NotConfirmed(D1Error):
    """The user did not confirm a command that changes a database. Nothing was done."""
