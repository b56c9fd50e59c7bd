"""`d1 status`: a table of the project's environments."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

LOG_WIDTH = 160
"""Columns where there is no terminal to ask: a log can be scrolled, a name that is cut short can't be searched for."""


@dataclass(frozen=True, slots=True)
class Environment:
    """One stack, as its outputs and its database describe it.

    Attributes:
        stack: name of the stack.
        database: name of its database; empty before the first `pulumi up`.
        status: `not started`, `up to date`, how many files are pending, or `gone` where there is no such database.
        last_migration: name of the newest applied file; empty when there is none.
        bookmark_expires: ISO time until which the last run's bookmark can be restored to.
        drift: what of the schema the applied files do not explain, a line each.
    """

    stack: str
    database: str
    status: str
    last_migration: str
    bookmark_expires: str
    drift: tuple[str, ...] = ()


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def status(*, as_json: bool) -> None:
    """Show every environment: its database, what is applied, and how long the way back stays open.

    Pulumi knows the stacks; what is applied is read from each database.
    """
    from infra.cli import stack as stacks

    environments = [_environment(stack, stacks.outputs(stack)) for stack in stacks.names()]
    if as_json:
        click.echo(json.dumps([asdict(environment) for environment in environments], indent=2))
    else:
        _print_table(environments)


def _environment(stack: str, outputs: dict[str, Any]) -> Environment:
    """The environment of `stack`, from its outputs and its database."""
    from infra.cloudflare.database import connect
    from infra.errors import NotFound, SqlError
    from infra.migrations import live
    from infra.migrations.folder import read_folder
    from infra.migrations.pattern import make_pattern
    from infra.migrations.review.review import drift
    from infra.render.report import drift_lines
    from infra.retry import Retry

    if "migrations_table" not in outputs:
        return Environment(stack, "", "not started", "", "")
    folder, table = outputs["migrations_dir"], outputs["migrations_table"]
    files = read_folder(Path(folder), make_pattern(folder, outputs.get("migrations_pattern", "")))
    database = connect(outputs["account_id"], outputs["database_id"], retry=Retry(partial(click.echo, err=True)))
    try:
        now = live.read(database, table)
    except NotFound:
        return Environment(stack, outputs["database_name"], "gone", "", "")
    try:
        drifted = drift_lines(drift(files, now, table))
    except SqlError as error:
        drifted = (f"whether it drifted can't be told: {error}",)
    pending = [file for file in files if file.name not in now.ledger]
    return Environment(
        stack=stack,
        database=outputs["database_name"],
        status=f"{len(pending)} pending" if pending else "up to date",
        last_migration=now.ledger[-1] if now.ledger else "",
        bookmark_expires=outputs["bookmark"]["expires"],
        drift=drifted,
    )


def _print_table(environments: list[Environment]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("Environment", "Database", "Status", "Last migration", "Way back until"):
        table.add_column(heading, overflow="fold")
    for environment in environments:
        table.add_row(
            environment.stack,
            environment.database or "-",
            f"{environment.status}, drifted" if environment.drift else environment.status,
            environment.last_migration or "-",
            environment.bookmark_expires or "-",
        )
    console = Console(width=None if sys.stdout.isatty() else LOG_WIDTH, highlight=False)
    console.print(table)
    for environment in environments:
        for line in environment.drift:
            console.print(f"{environment.database}: {line}", markup=False)
