"""What `pulumi preview`, and the preview before every `up`, tell about the migrations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi_d1.cloudflare.account import connect_account
from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.errors import ApiError, ConfigError, PlanRefused, SqlError
from pulumi_d1.migrations import live
from pulumi_d1.migrations.review.review import drift, look, refuse, review, unrehearsed
from pulumi_d1.program.actions.fields import STACK
from pulumi_d1.program.actions.inputs import (
    planned_files,
    policy,
    quarantine,
    read_now,
    read_planned,
    refuse_another_ledger,
)
from pulumi_d1.reports.review_text import drift_lines, report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.live import Live
    from pulumi_d1.migrations.review.review import Review


def refuse_taken_name(props: Mapping[str, Any], token: str | None) -> None:
    """Stops the creation of a database whose name is taken; Cloudflare would refuse it with code 7502.

    Where Cloudflare does not say, the creation will: one request, and no waiting.

    Raises:
        PlanRefused: there is such a database, and the stack does not have it.
    """
    name = props["database_name"]
    try:
        found = connect_account(props["account_id"], token=token, retry=Retry(patience=0)).describe(name)
    except (ApiError, ConfigError):
        return
    raise PlanRefused(
        f"there is a database {name} already ({found.id}), which this stack does not have: "
        f"'d1 adopt --stack {props[STACK]}' lets the next 'pulumi up' take it over"
    )


def of_new(props: Mapping[str, Any], source: Database | None = None) -> Review:
    """The review of a database that is yet to be created: every file is pending, and no row can be lost.

    Args:
        props: inputs of the resource.
        source: the database that it becomes a copy of before its files run; None where it starts empty.

    Raises:
        ConfigError: the folder is not the one that the program has read.
        ApiError: the source can't be read.
    """
    files, table, taken_back = read_planned(props), props["migrations_table"], quarantine(props)
    if source:
        return look(source, files, table, {}, taken_back)
    return review(files, live.NEW, table, {}, lambda _: {}, quarantine=taken_back)


def of_live(connect: Callable[[], Database], props: Mapping[str, Any], previous: Mapping[str, Any]) -> Review:
    """The review of a database that is there: one request for schema and ledger, and one for row counts.

    Where it can't be made it is the plan alone, with the reason: a preview writes nothing, and need not fail.

    Args:
        connect: gives the database.
        props: inputs of the resource.
        previous: its inputs and outputs in the state; empty when it is not there.

    Raises:
        PlanRefused: the stack was pointed at another ledger.
    """
    table, recorded = props["migrations_table"], previous.get("checksums", {})
    try:
        done = look(connect(), read_planned(props), table, recorded, quarantine(props))
    except (ApiError, ConfigError) as error:
        files, ledger = planned_files(props["migrations"]), previous.get("applied", ())
        return unrehearsed(files, ledger, recorded, str(error), quarantine(props))
    refuse_another_ledger(props, previous, done.plan.applied)
    return done


def show(done: Review, props: Mapping[str, Any]) -> None:
    """Says what a run would do.

    Raises:
        PlanRefused: it must not.
    """
    if text := report(done, props["database_name"], props["migrations_dir"], policy(props), errors=False):
        say(text)
    refuse(done, props["migrations_dir"], policy(props))


def show_drift(now: Live, props: Mapping[str, Any]) -> None:
    """Says what of the live schema the applied files do not explain; nothing where they explain it all."""
    try:
        found = drift(read_now(props), now, props["migrations_table"])
    except (ConfigError, SqlError) as error:
        say(f"whether {props['database_name']} drifted can't be told: {error}")
    else:
        for line in drift_lines(found):
            say(f"{props['database_name']}: {line}")


def say(text: str) -> None:
    """The engine shows what a plugin prints as a diagnostic."""
    print(text, flush=True)  # noqa: T201
