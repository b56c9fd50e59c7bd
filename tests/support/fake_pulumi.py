"""A pulumi command that serves states from files and records its calls."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

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
