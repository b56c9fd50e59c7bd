"""Exit codes of the `d1` command."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes; docs/commands.md lists them for each command."""

    OK = 0
    """Done, or nothing to do."""

    FAILED = 1
    """Refused or failed; a check found a difference; or a review found errors."""

    PENDING = 2
    """A review found pending files and no errors."""

    DRIFTED = 3
    """A review found drift, but no pending files and no errors."""

    MISUSE = 64
    """The command line is wrong: EX_USAGE of sysexits.h, because click's own 2 means pending files here."""

    LOCKED = 75
    """Another run has locked the stack: EX_TEMPFAIL of sysexits.h. Try again later."""
