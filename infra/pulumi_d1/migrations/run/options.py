"""A stack's decisions about its runs, from its settings to the runner. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pulumi_d1.migrations.plan import DEFAULT_POLICY, Problem, Severity
from pulumi_d1.migrations.rehearsal.rows.options import DEFAULT_REHEARSAL, RehearsalOptions, rehearsal_from_json
from pulumi_d1.migrations.stop import NO_STOP, Stop, stop_from_json

if TYPE_CHECKING:
    from collections.abc import Mapping


class OnFailure(StrEnum):
    """The end of a run whose file failed."""

    STOP = "stop"
    """Keep the files that were applied before it."""

    RESTORE = "restore"
    """Restore the bookmark from before the run, unless someone else wrote to the database since."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of a run, the same for every database that it changes.

    Attributes:
        unreadable: Severity of a database that a preview cannot read.
        on_failure: What to do after a failed file.
        retention: How long Cloudflare keeps a Time Travel bookmark: 30 days on a paid plan, 7 on the free one.
        stop: Which pending files wait.
        import_timeout: How long to wait for a file that is sent as an import, such as a large one.
        backup: Where `pulumi up` makes a backup before it would lose rows; empty for none.
    """

    policy: Mapping[Problem, Severity] = field(default_factory=lambda: DEFAULT_POLICY)
    unreadable: Severity = Severity.ERROR
    on_failure: OnFailure = OnFailure.STOP
    retention: timedelta = timedelta(days=30)
    import_timeout: timedelta = timedelta(minutes=30)
    rehearsal: RehearsalOptions = DEFAULT_REHEARSAL
    stop: Stop = NO_STOP
    backup: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the options as Pulumi's state keeps them."""
        return {
            "policy": {str(problem): str(severity) for problem, severity in self.policy.items()},
            "unreadable": str(self.unreadable),
            "on_failure": str(self.on_failure),
            "retention_days": self.retention.days,
            "import_timeout": self.import_timeout.total_seconds(),
            "rehearsal": self.rehearsal.as_json(),
            "stop": self.stop.as_json(),
            "backup": self.backup,
        }


DEFAULT_OPTIONS = RunOptions()


def options_from_json(values: Mapping[str, Any]) -> RunOptions:
    """Return the options that `as_json` wrote. An option that is newer than the state has its default."""
    values = {**DEFAULT_OPTIONS.as_json(), **values}
    return RunOptions(
        policy={Problem(problem): Severity(severity) for problem, severity in values["policy"].items()},
        unreadable=Severity(values["unreadable"]),
        on_failure=OnFailure(values["on_failure"]),
        retention=timedelta(days=int(values["retention_days"])),
        import_timeout=timedelta(seconds=values["import_timeout"]),
        rehearsal=rehearsal_from_json(values["rehearsal"]),
        stop=stop_from_json(values["stop"]),
        backup=values["backup"],
    )
