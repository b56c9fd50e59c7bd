"""A pulumi command that serves states from files and records its calls."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pulumi_d1.migrations.run.options import RunOptions
from pulumi_d1.program import tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_SCRIPT = """\
#!/bin/sh
cd {folder}
shift  # --non-interactive
echo "$*" >> calls
for stack; do :; done  # the last argument
case "$1 $2" in
  "stack ls") printf '['; separator=''; for file in *.listed; do
      [ -e "$file" ] && {{ printf '%s' "$separator"; cat "$file"; separator=,; }}; done; printf ']' ;;
  "stack export") cat "$stack.json" ;;
  "stack output") cat "$stack.output" ;;
  "stack rm") rm "$stack.json" "$stack.listed" ;;
esac
"""


@dataclass(frozen=True)
class FakePulumi:
    """A command `pulumi` for PATH.

    Attributes:
        folder: The folder of the command, its states and its record.
    """

    folder: Path

    @classmethod
    def install(cls, folder: Path) -> FakePulumi:
        folder.mkdir()
        script = folder / "pulumi"
        script.write_text(_SCRIPT.format(folder=folder))
        script.chmod(0o755)
        return cls(folder)

    def on_path(self, environment: Mapping[str, str]) -> dict[str, str]:
        return {**environment, "PATH": f"{self.folder}{os.pathsep}{environment['PATH']}"}

    def run(self, stack: str, resources: Sequence[Mapping[str, Any]], time: datetime | None = None) -> None:
        """Give a stack these resources, as a run that ended at a time does; now if it is None."""
        listed = {"name": stack, "lastUpdate": (time or datetime.now(UTC)).isoformat(), "updateInProgress": False}
        (self.folder / f"{stack}.listed").write_text(json.dumps(listed))
        (self.folder / f"{stack}.json").write_text(json.dumps({"deployment": {"resources": list(resources)}}))

    def output(self, stack: str, value: object) -> None:
        """Let a stack output a value, under any name."""
        (self.folder / f"{stack}.output").write_text(json.dumps(value))

    @property
    def calls(self) -> list[str]:
        """The arguments of each call, without global options."""
        return (self.folder / "calls").read_text().splitlines()


def database_resource(component: str, database_id: str, *, protect: bool = False) -> dict[str, Any]:
    """Return a D1Database as `pulumi stack export` prints it."""
    return {
        "type": tokens.DATABASE,
        "urn": f"urn:pulumi:stack::project::{tokens.DATABASE}::{component}-database",
        "parent": f"urn:pulumi:stack::project::{tokens.ENVIRONMENT}::{component}",
        "id": database_id,
        "protect": protect,
        "inputs": {"name": f"database-{database_id}", "accountId": "an-account"},
    }


def environment_resources(
    name: str, *, protect: bool = False, complete: bool = True, checksums: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Return the resources of a D1Environment, without outputs of the component if its run has not completed."""
    database = database_resource(name, f"id-{name}", protect=protect)
    inputs = {
        "account_id": "an-account",
        "database_id": f"id-{name}",
        "database_name": f"shop-{name}",
        "migrations_dir": "migrations",
        "migrations_pattern": "",
        "migrations_table": "d1_migrations",
        "run": RunOptions(retention=timedelta(days=7)).as_json(),
    }
    outputs = {
        "checksums": checksums or {"0001_a.sql": "f00"},
        "history": [],
        "bookmark": {"expires": "2026-12-01T00:00:00+00:00"},
    }
    entry = {"path": "wrangler.toml", "environment": "", "binding": "DB"}
    return [
        {
            "type": tokens.ENVIRONMENT,
            "urn": database["parent"],
            "outputs": {"wrangler_entries": [entry]} if complete else {},
        },
        database,
        {
            "type": tokens.MIGRATIONS,
            "urn": f"{database['parent']}-migrations",
            "parent": database["parent"],
            "outputs": {**inputs, **outputs},
        },
    ]
