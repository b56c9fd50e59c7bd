"""Close connections without an answer. ASGI has no message for that, so uvicorn's protocol gets an extension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_EXTENSION: Final = "emulator.drop"


class DroppedConnection(Response):
    """No answer at all. Needs `DroppingProtocol`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Close the connection, and wait until the server notices, so that it sends nothing."""
        scope["extensions"][_EXTENSION]()
        while (await receive())["type"] != "http.disconnect":
            pass


class DroppingProtocol(HttpToolsProtocol):
    """uvicorn's protocol for HTTP, whose requests can close their connection."""

    def on_message_begin(self) -> None:
        """Add the extension to the scope of the request that begins."""
        super().on_message_begin()
        self.scope["extensions"] = {_EXTENSION: self.transport.abort}  # type: ignore[dict-item]
