"""The database's entry in the wrangler configuration as a Pulumi resource.

`pulumi_d1.program.resources.bindings.WranglerBindingsProvider` is a stored format, like its sibling in `migrations`.
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
from pulumi_d1.protection.guard import DELETION
from pulumi_d1.wrangler import configuration_file as wrangler_file
from pulumi_d1.wrangler.entry import entry_from

if TYPE_CHECKING:
    from collections.abc import Mapping


class WranglerBindingsProvider(DatabaseProvider):
    """Puts the entry into the file, and takes it out again.

    An entry with the id of a database that this resource never wrote is somebody else's, and is refused: in a preview
    already, and again when the file is written, since it may have changed in between.
    """

    def check(self, _olds: dict[str, Any], _news: dict[str, Any]) -> CheckResult:
        """Refuses an entry of somebody else's before the first create: Pulumi asks for no diff then."""
        if not _olds:
            with message_only():
                wrangler_file.refuse_foreign(entry_from(_news), _ids(_news))
        return CheckResult(_news, [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Changed when an input changed, or when the file lost the entry. Never replaces.

        A move to another place is an update, which `protect` allows.
        """
        with message_only():
            wrangler_file.refuse_foreign(entry_from(_news), _ids(_olds, _news))
            changed = entry_from(_olds) != entry_from(_news) or _olds.get(DELETION) != _news.get(DELETION)
            lost = not changed and not wrangler_file.is_current(entry_from(_news))
        return DiffResult(changes=changed or lost)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Puts the entry into the file."""
        with message_only():
            wrangler_file.put(entry_from(props), _ids(props))
        return CreateResult(f"{props['path']}#{entry_from(props).table}.{props['binding']}", dict(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Puts the entry into the file, and takes it out of the place where it was before."""
        with message_only():
            wrangler_file.put(entry_from(_news), _ids(_olds, _news))
            if _place(_olds) != _place(_news):
                wrangler_file.remove(entry_from(_olds))
        return UpdateResult(dict(_news))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """The file is looked at by diff; the state holds only what was asked for."""
        return ReadResult(id_, props)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Takes the entry out of the file; not before its database may go, where the migrations have not asked."""
        super().delete(_id, _props)
        with message_only():
            wrangler_file.remove(entry_from(_props))


class WranglerBindings(Resource, module="d1", name="WranglerBindings"):
    """One entry of `d1_databases` in a wrangler configuration."""

    path: pulumi.Output[str]

    def __init__(
        self, name: str, *, inputs: Mapping[str, pulumi.Input[Any]], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Args: `inputs` are `account_id`, DELETION, and the fields of WranglerEntry."""
        super().__init__(WranglerBindingsProvider(), name, dict(inputs), opts)


def _ids(*props: Mapping[str, Any]) -> set[str]:
    """The ids that this resource wrote, or is about to write."""
    return {item["database_id"] for item in props}


def _place(props: Mapping[str, Any]) -> tuple[Path, str, str]:
    return Path(props["path"]).resolve(), props["environment"], props["binding"]
