"""The migrations of one database as a Pulumi resource.

`infra.program.migrations.D1MigrationsProvider` is a stored format: the state names the provider by this path, and
refresh and destroy load it from there. Renaming it orphans existing resources.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi  # noqa: TC002 - Pulumi resolves the annotations of a resource when it runs
from pulumi.dynamic import (
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from infra import cloudflare
from infra.actor import find as find_actor
from infra.errors import ApiError, ConfigError, MigrationFailed, NotFound, PlanRefused
from infra.migrations import runner
from infra.migrations.folder import read_folder
from infra.migrations.plan import Problem, Severity, make_plan
from infra.migrations.progress import Target
from infra.migrations.recovery import OnFailure
from infra.program.journal import OUTPUTS, Journal, of_ledger
from infra.program.partial import keep_outputs
from infra.program.quiet import NAME, message_only
from infra.retry import Retry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra.migrations.folder import Migration
    from infra.migrations.plan import Plan

INPUTS = (
    "account_id",
    "database_id",
    "database_name",
    "migrations_dir",
    "migrations_table",
    "retention_days",
    "policy",
    "on_failure",
    "migrations",
)
IDENTITY = ("account_id", "database_id")


class D1MigrationsProvider(ResourceProvider):
    """Applies what is pending. The ledger in the database decides what that is, not the state."""

    # The pickle is a reference to this class and holds no secret; in plain text, anyone can check that.
    serialize_as_secret_always = False

    _token: str | None = None

    def configure(self, req: ConfigureRequest) -> None:
        """Takes the token from the stack's secret configuration; without one the environment's counts."""
        self._token = req.config.get("cloudflare:apiToken")

    def check(self, _olds: dict[str, Any], _news: dict[str, Any]) -> CheckResult:
        """Shows the plan for a database that is yet to be created: Pulumi asks for no diff then."""
        if not _olds:
            with message_only():
                _show_plan(_news, (), {})
        return CheckResult(_news, [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Changed when an input changed, or the ledger is not what the state says; another database replaces."""
        changed = [name for name in INPUTS if _olds.get(name) != _news.get(name)]
        replaces = [name for name in changed if name in IDENTITY]
        with message_only():
            ledger = () if replaces else self._ledger(_news, _olds)
            plan = _show_plan(_news, ledger, _olds.get("checksums", {}))
        drifted = list(ledger) != _olds.get("applied")
        return DiffResult(changes=bool(changed or plan.pending or drifted), replaces=replaces)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Brings the database up to date."""
        return CreateResult(props["database_id"], self._apply(props, {}))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Brings the database up to date: the same function, since the ledger decides what is pending."""
        return UpdateResult(self._apply(_news, _olds))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Reads the ledger again; a database that is gone drops the resource from the state."""
        with message_only():
            try:
                names = runner.applied(self._database(props), props["migrations_table"])
            except NotFound:
                return ReadResult("", {})
            return ReadResult(id_, {**props, **of_ledger(names)})

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Nothing to do: the tables live and die with their database."""

    def _apply(self, props: Mapping[str, Any], previous: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs once the database is up to date; after a failure Pulumi keeps those of what was applied."""
        target = Target(
            name=props["database_name"],
            folder=props["migrations_dir"],
            table=props["migrations_table"],
            retention=timedelta(days=int(props["retention_days"])),
        )
        inputs = {name: props[name] for name in INPUTS}
        with message_only():
            database = self._database(props)
            if previous and previous["migrations_table"] != target.table:
                _refuse_another_ledger(props, previous, runner.applied(database, target.table))
            files = _planned_files(props)
            journal = Journal(files, previous, find_actor(Path(target.folder)))
            try:
                report = runner.apply(
                    database,
                    files,
                    target,
                    recorded=previous.get("checksums", {}),
                    policy=_policy(props),
                    on_failure=OnFailure(props["on_failure"]),
                    say=_say,
                    record=journal.record,
                )
            except MigrationFailed as failure:
                if failure.applied:
                    with suppress(ApiError):  # without the ledger, the state stays as it was
                        ledger = runner.applied(database, target.table)
                        reached = journal.outputs(ledger, journal.entries[0].bookmark, target.name)
                        keep_outputs(props, {**inputs, **reached}, f"{NAME}: {failure}")
                raise
            return {**inputs, **journal.outputs(report.ledger, report.bookmark, target.name)}

    def _ledger(self, props: Mapping[str, Any], previous: Mapping[str, Any]) -> tuple[str, ...]:
        """The ledger as it is now; what the state knows of it where it can't be read, since a preview writes nothing.

        Raises:
            PlanRefused: the stack was pointed at another ledger.
        """
        try:
            names = runner.applied(self._database(props), props["migrations_table"])
        except (ApiError, ConfigError) as error:
            _say(f"warning: the plan is made from the state, since the ledger can't be read: {error}")
            return tuple(previous.get("applied", ()))
        _refuse_another_ledger(props, previous, names)
        return names

    def _database(self, props: Mapping[str, Any]) -> cloudflare.Database:
        return cloudflare.connect(props["account_id"], props["database_id"], token=self._token, retry=Retry(_say))


class D1Migrations(Resource, module="d1", name="Migrations"):
    """The applied migrations of one database."""

    applied: pulumi.Output[list[str]]
    checksums: pulumi.Output[dict[str, str]]
    last_migration: pulumi.Output[str]
    bookmark: pulumi.Output[dict[str, str]]
    restore_command: pulumi.Output[str]
    history: pulumi.Output[list[dict[str, Any]]]

    def __init__(
        self,
        name: str,
        *,
        files: Sequence[Migration],
        inputs: Mapping[str, pulumi.Input[Any]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """The digest of each file is an input, so that Pulumi's own diff names the files.

        Args:
            name: of the resource.
            files: the migrations folder.
            inputs: INPUTS but for `migrations`.
            opts: Pulumi's resource options.
        """
        listed = [{"name": file.name, "sha256": file.sha256} for file in files]
        computed = dict.fromkeys(OUTPUTS)
        super().__init__(D1MigrationsProvider(), name, {**inputs, "migrations": listed, **computed}, opts)


@dataclass(frozen=True, slots=True)
class _Planned:
    """A file as the inputs name it: while Pulumi refreshes, the folder may hold others by now."""

    name: str
    sha256: str


def _planned_files(props: Mapping[str, Any]) -> tuple[Migration, ...]:
    """The files that the plan showed.

    Raises:
        ConfigError: the folder changed since.
    """
    files = read_folder(Path(props["migrations_dir"]))
    planned = {item["name"]: item["sha256"] for item in props["migrations"]}
    now = {file.name: file.sha256 for file in files}
    if changed := sorted(name for name in planned.keys() | now.keys() if planned.get(name) != now.get(name)):
        paths = ", ".join(f"{props['migrations_dir']}/{name}" for name in changed)
        raise ConfigError(f"{paths} changed after the plan was made, so nothing was applied: run 'pulumi up' again")
    return files


def _show_plan(props: Mapping[str, Any], ledger: Sequence[str], recorded: Mapping[str, str]) -> Plan[_Planned]:
    """Says what is pending and what looks wrong.

    Raises:
        PlanRefused: the folder has a problem that the policy calls an error.
    """
    files = [_Planned(item["name"], item["sha256"]) for item in props["migrations"]]
    plan = make_plan(files, ledger, recorded)
    policy = _policy(props)
    if plan.pending:
        _say(f"pending on {props['database_name']}: {', '.join(migration.name for migration in plan.pending)}")
    for finding in plan.of(Severity.WARNING, policy):
        _say(f"warning: {finding.in_folder(props['migrations_dir'])}")
    runner.refuse(plan, props["migrations_dir"], policy)
    return plan


def _refuse_another_ledger(props: Mapping[str, Any], previous: Mapping[str, Any], ledger: Sequence[str]) -> None:
    """An empty ledger in place of one with rows would run every file a second time.

    Raises:
        PlanRefused: `migrationsTable` changed, and the new table does not show what is applied.
    """
    old, new = previous["migrations_table"], props["migrations_table"]
    if old != new and previous.get("applied") and not ledger:
        raise PlanRefused(
            f"nothing was applied: migrationsTable is now '{new}', which has no rows, but '{old}' shows that "
            f"{len(previous['applied'])} files are applied to {props['database_name']}. Set it back, or rename the "
            f'table first: ALTER TABLE "{old}" RENAME TO "{new}"'
        )


def _policy(props: Mapping[str, Any]) -> dict[Problem, Severity]:
    return {Problem(problem): Severity(severity) for problem, severity in props["policy"].items()}


def _say(line: str) -> None:
    """The engine shows what a plugin prints as a diagnostic."""
    print(line, flush=True)  # noqa: T201
