"""The base of our providers: their resources live in one database, and are deleted before it."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import ConfigureRequest, ReadResult, ResourceProvider

from pulumi_d1.errors import NotFound
from pulumi_d1.program.actions.inputs import CopySource, DatabaseInputs, database_inputs
from pulumi_d1.program.pulumi_sdk import message_only, on_cancel
from pulumi_d1.system.garbage import frozen_imports
from pulumi_d1.system.log import show_messages

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api


class DatabaseProvider(ResourceProvider):
    """A provider whose resource lives in the database that its inputs name, and is deleted with it."""

    # The pickle is a reference to this class and holds no secret; in plain text, anyone can check that.
    serialize_as_secret_always = False

    _token: str | None = None

    def configure(self, req: ConfigureRequest) -> None:
        """Take the token from the stack's secret configuration; without one, the environment's counts."""
        self._token = req.config.get("cloudflare:apiToken")
        show_messages(partial(print, flush=True))  # the engine shows a plugin's output as diagnostics
        on_cancel(_end_rehearsals)
        Thread(target=_import_preview, daemon=True).start()

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Drop the resource from the state if its database does not exist."""
        with message_only():
            try:
                self._connect(database_inputs(props)).bookmark()
            except NotFound:
                return ReadResult("", {})
        return ReadResult(id_, props)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Check that the database may be deleted, and export it. The resource itself needs no deletion."""
        from pulumi_d1.protection.guard import before_deletion

        with message_only():
            database = database_inputs(_props)
            if database.pending_deletion:
                before_deletion(database.pending_deletion, lambda: self._connect(database))

    def _connect(self, database: DatabaseInputs | CopySource) -> D1Api:
        from pulumi_d1.cloudflare.database import connect

        database_id = database.id if isinstance(database, DatabaseInputs) else database.database_id
        return connect(database.account_id, database_id, token=self._token)


def _end_rehearsals() -> None:
    from pulumi_d1.migrations.rehearsal.process import WORKERS

    WORKERS.cancel()


def _import_preview() -> None:
    """Import what the migrations are about to need, while the engine checks the bindings, which do not need it."""
    with frozen_imports():
        import_module("pulumi_d1.program.actions.preview")
