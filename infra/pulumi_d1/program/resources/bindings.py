"""The database's entry in the wrangler configuration as a Pulumi resource.

`pulumi_d1.program.resources.bindings.WranglerBindingsProvider` is a stored format, as in `migrations`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi  # noqa: TC002 - Pulumi resolves the annotations of a resource when it runs
from pulumi.dynamic import (
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    UpdateResult,
)

from pulumi_d1.program.pulumi_sdk import message_only
from pulumi_d1.program.resources.provider import DatabaseProvider
from pulumi_d1.wrangler import configuration_file
from pulumi_d1.wrangler.entry import entry_from

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_d1.wrangler.entry import WranglerEntry


class WranglerBindingsProvider(DatabaseProvider):
    """Put the entry into the file, and take it out again.

    An entry without a path is in no file; the resource still guards the database against deletion.

    The provider refuses to replace the entry of a database that this resource never wrote: in the preview, and again
    when it writes the file, which may have changed in between.
    """

    def check(self, _olds: dict[str, Any], _news: dict[str, Any]) -> CheckResult:
        """Refuse a foreign entry before the first create: Pulumi calls no `diff` then."""
        if not _olds:
            with message_only():
                entry = entry_from(_news)
                if entry.path:
                    configuration_file.refuse_foreign(entry, {entry.database_id})
        return CheckResult(_news, [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare the inputs, and the file with the entry. Nothing replaces: `protect` allows a move."""
        old, new = entry_from(_olds), entry_from(_news)
        with message_only():
            changed = old != new or _olds.get("deletion") != _news.get("deletion")
            if new.path:
                configuration_file.refuse_foreign(new, {old.database_id, new.database_id})
                changed = changed or not configuration_file.is_current(new)
            return DiffResult(changes=changed)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Put the entry into the file."""
        entry = entry_from(props)
        with message_only():
            if entry.path:
                configuration_file.put(entry, {entry.database_id})
        return CreateResult(f"{entry.path}#{entry.table}.{entry.binding}", dict(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Put the entry into the file, and take it out of its old place."""
        old, new = entry_from(_olds), entry_from(_news)
        with message_only():
            if new.path:
                configuration_file.put(new, {old.database_id, new.database_id})
            if old.path and _place(old) != _place(new):
                configuration_file.remove(old)
        return UpdateResult(dict(_news))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Drop the rules for its deletion from the state if the database does not exist. `diff` compares the file."""
        is_gone = not super().read(id_, props).id
        return ReadResult(id_, {**props, "deletion": None} if is_gone else props)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Take the entry out of the file, once the database may be deleted."""
        super().delete(_id, _props)
        entry = entry_from(_props)
        if entry.path:
            with message_only():
                configuration_file.remove(entry)


class WranglerBindings(Resource, module="d1", name="WranglerBindings"):
    """One entry of `d1_databases` in a wrangler configuration."""

    path: pulumi.Output[str]

    def __init__(
        self, name: str, inputs: Mapping[str, pulumi.Input[Any]], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Register the resource.

        Args:
            inputs: The fields of WranglerEntry, `account_id` and `deletion`.
        """
        super().__init__(WranglerBindingsProvider(), name, dict(inputs), opts)


def _place(entry: WranglerEntry) -> tuple[Path, str, str] | None:
    if not entry.path:
        return None
    return Path(entry.path).resolve(), entry.environment, entry.binding
