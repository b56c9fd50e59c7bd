"""Every exception that this project raises on purpose. Imports nothing, so that any module can import it.

    D1Error
    |-- ConfigError            a setting, a name or a file of the user is invalid
    |   `-- FolderInUse        another emulator serves the state folder
    |-- SqlError               D1's rules or SQLite refused a statement
    |-- ApiError               Cloudflare answered a request with an error
    |   |-- NotFound           the database does not exist (7404)
    |   |-- Unauthorized       the token is invalid, lacks a permission (10000), or is not for this account (7403)
    |   |-- SqlRefused         D1 refused the SQL (400, 7500): the whole request is rolled back
    |   |-- LimitReached       a database or the account is full: nothing was applied, and waiting does not help
    |   |-- TryLater           too many requests (429), or an import blocks the database: nothing was run
    |   |   |-- Overloaded     one database has too many queries; others are not affected
    |   |   `-- DailyLimitReached  the free plan's rows of this day are used up, until midnight UTC
    |   |-- NotSent            a proxy or a certificate prevents connections: nothing was sent
    |   |   `-- NoConnection   no connection could be made at this moment: nothing was sent
    |   `-- OutcomeUnknown     no answer of Cloudflare's, or a 5xx: the request may have taken effect
    |       |-- ResultTooLarge the answer is larger than D1 or this client allows; the same request gets it again
    |       `-- StillRunning   Cloudflare reported an import as running until the wait for it ended
    |-- InvalidLedger          the ledger's table is none, or one of its rows names no file
    |-- PlanRefused            a problem in the migrations folder is an error by the stack's policy
    |-- MigrationFailed        a migration failed during a run
    |-- MemberFailed           a database of a fleet failed; the others go on
    |-- RestoreFailed          a restore failed, or its result is unknown
    |-- CopyFailed             a database could not be copied
    |-- BackupFailed           a backup could not be made, stored, read or restored
    |   `-- BackupDamaged      a backup is incomplete, was changed, or does not load
    |-- SeedFailed             a seed failed during a run
    |-- PulumiFailed           the pulumi command failed, and has printed why
    |   `-- StackLocked        another run has locked the stack
    |-- NotConfirmed           the user did not confirm a command
    `-- RehearsalCancelled     the engine was stopped during a rehearsal

Each message contains what is wrong, where, and what to do. Callers print it and nothing else.
"""

from __future__ import annotations


class D1Error(Exception):
    """The base of all exceptions of this project."""


class ConfigError(D1Error):
    """A setting, a name or a file of the user is invalid."""


class FolderInUse(ConfigError):
    """Another emulator serves the state folder."""


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
    """D1 refused the SQL. Nothing was applied, or Cloudflare undoes the part of an import that was."""


class LimitReached(ApiError):
    """The database or the account is full, or the account has too many databases. Nothing was applied."""


class TryLater(ApiError):
    """There are too many requests, or an import blocks the database. Nothing was applied."""


class Overloaded(TryLater):
    """The database has too many queries in its queue. Other databases are not affected."""


class DailyLimitReached(TryLater):
    """The free plan's rows to read or write are used up for this day, which ends at midnight UTC."""


class NotSent(ApiError):
    """No connection could be made, so nothing was sent. Only another proxy or certificate helps."""


class NoConnection(NotSent):
    """No connection could be made at this moment, so nothing was sent. It may work in a moment."""


class OutcomeUnknown(ApiError):
    """There was no answer of Cloudflare's, or a 5xx. The request may have taken effect: read the database first."""


class ResultTooLarge(OutcomeUnknown):
    """The answer is larger than D1 or this client allows. A write may have taken effect; a read fails again."""


class StillRunning(OutcomeUnknown):
    """Cloudflare reported an import as running for as long as we wait for one."""


class InvalidLedger(D1Error):
    """The table that `migrationsTable` names is not a ledger, or one of its rows names no file. Nothing was written."""


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


class MemberFailed(D1Error):
    """A database of a fleet failed. Its message is all that is kept of the error."""


class RestoreFailed(D1Error):
    """A database was not restored to a bookmark, or the result of the restore is unknown."""


class CopyFailed(D1Error):
    """A new database could not be made a copy of another one."""


class BackupFailed(D1Error):
    """A backup could not be made, stored, read or restored."""


class BackupDamaged(BackupFailed):
    """A backup is incomplete, was changed, or does not load. Use another one."""


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


class RehearsalCancelled(D1Error):
    """The engine was stopped during a rehearsal. Nothing was written."""


class NotConfirmed(D1Error):
    """The user did not confirm a command that changes a database. Nothing was done."""
