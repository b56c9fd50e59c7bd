"""What the providers of resources that live in one database share."""

from __future__ import annotations

from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import ConfigureRequest, ReadResult, ResourceProvider

from pulumi_d1.errors import NotFound
from pulumi_d1.program.pulumi_sdk import message_only
from pulumi_d1.protection.guard import before_deletion
from pulumi_d1.system.garbage import lasting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_d1.cloudflare.database import D1Api


class DatabaseProvider(ResourceProvider):
    """A provider whose resource lives and dies with the database that its inputs name."""

    # The pickle is a reference to this class and holds no secret; in plain text, anyone can check that.
    serialize_as_secret_always = False

    _token: str | None = None

    def configure(self, req: ConfigureRequest) -> None:
        """Takes the token from the stack's secret configuration; without one the environment's counts."""
        self._token = req.config.get("cloudflare:apiToken")
        Thread(target=_load_review, daemon=True).start()

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """A database that is gone drops the resource from the state."""
        with message_only():
            try:
                self._database(props).bookmark()
            except NotFound:
                return ReadResult("", {})
        return ReadResult(id_, props)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Asks whether the database may go, and exports it: Pulumi deletes what stands on one first.

        Nothing is done to what the resource stands for: it is gone with its database.
        """
        from pulumi_d1.program.actions.preview import say

        with message_only():
            before_deletion(_props, lambda: self._database(_props), say)

    def _database(self, props: Mapping[str, Any]) -> D1Api:
        from pulumi_d1.cloudflare.database import connect
        from pulumi_d1.cloudflare.retry import Retry
        from pulumi_d1.program.actions.preview import say

        return connect(props["account_id"], props["database_id"], token=self._token, retry=Retry(say))


def _load_review() -> None:
    """Imports what the migrations are about to need, while the engine asks about the bindings, which do not need it."""
    with lasting():
        import_module("pulumi_d1.program.actions.preview")
