"""Every error that this project raises on purpose. Imports nothing, so that anything may import it.

    D1Error
    |-- ConfigError            a setting, a name or a file of the user's is wrong
    |-- SqlError               D1's rules, or SQLite, refuse a statement
    |-- ApiError               Cloudflare answered a request with an error
    |   |-- NotFound           the database does not exist (7404)
    |   |-- Unauthorized       the token is wrong or may not do this (10000)
    |   |-- SqlRefused         D1 refused the SQL (400, 7500): all of the request is undone
    |   |-- TryLater           not run: too many requests (429), or an import blocks the database
    |   `-- OutcomeUnknown     no answer, or a 5xx: the request may have taken effect
    |-- PlanRefused            the folder does not fit what is applied, and the stack's policy calls that an error
    |-- MigrationFailed        a migration stopped half way through a run
    |-- RestoreFailed          a database was not restored, or nobody knows
    |-- CopyFailed             a new database did not become the copy of another one
    |-- SeedFailed             a seed stopped half way through a run
    |-- PulumiFailed           the pulumi command ended with an error, which it has printed
    |   `-- StackLocked        another run has the stack
    `-- NotConfirmed           a command that changes a database was not told to go on

Each message says what is wrong, where, and what to do; callers print it and nothing else.
"""

from __future__ import annotations


class D1Error(Exception):
    """Base of the tree: catch this one to catch everything."""


class ConfigError(D1Error):
    """A setting, a name or a file of the user's is wrong."""


class SqlError(D1Error):
    """D1's rules, or SQLite, refuse a statement.

    Attributes:
        statement: 0-based index of the refused statement in its script, or None when there is no single one.
        offset: 0-based offset in UTF-8 bytes, or None where SQLite gives none. It counts from the start of that
            statement, or from the start of the whole text where there is only one, comments before it included.
    """

    def __init__(self, message: str, *, statement: int | None = None, offset: int | None = None) -> None:
        super().__init__(message)
        self.statement = statement
        self.offset = offset


class ApiError(D1Error):
    """Cloudflare answered a request with an error.

    Attributes:
        code: Cloudflare's own error code, such as 7500; None where the answer had none.
        status: HTTP status; None where there was no answer.
        retry_after: seconds that Cloudflare asks to wait; None where it does not say.
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
    """The token is missing, wrong, or may not do this."""


class SqlRefused(ApiError):
    """D1 refused the SQL. A request is one transaction, so nothing of it was applied."""


class TryLater(ApiError):
    """Cloudflare would not run it now: too many requests, or an import blocks the database. Nothing was applied."""


class OutcomeUnknown(ApiError):
    """No answer, or a 5xx: the request may have taken effect. Read before sending it again."""


class PlanRefused(D1Error):
    """The folder does not fit what is applied, and the stack's policy calls that an error. Nothing was written."""


class MigrationFailed(D1Error):
    """A migration stopped half way through a run. What was applied before it stays, unless the run put it back.

    Attributes:
        applied: names of the migrations that this run applied before the failure, and that are still applied.
        failed: name of the migration that failed; empty where all ran, and left something else than was promised.
        bookmark: Time Travel bookmark from before the run's first write.
    """

    def __init__(self, message: str, *, applied: tuple[str, ...], failed: str, bookmark: str) -> None:
        super().__init__(message)
        self.applied = applied
        self.failed = failed
        self.bookmark = bookmark


class RestoreFailed(D1Error):
    """A database was not put back to a bookmark, or what became of the attempt is not known."""


class CopyFailed(D1Error):
    """A new database did not become the copy of another one."""


class SeedFailed(D1Error):
    """A seed stopped half way through a run. What was run before it stays.

    Attributes:
        ran: names of the seeds that this run has run before the failure.
    """

    def __init__(self, message: str, *, ran: tuple[str, ...]) -> None:
        super().__init__(message)
        self.ran = ran


class PulumiFailed(D1Error):
    """The pulumi command ended with an error, which it has printed."""


class StackLocked(PulumiFailed):
    """Another run has the stack. Nothing was done."""


class NotConfirmed(D1Error):
    """A command that changes a database was not told to go on. Nothing was done."""
