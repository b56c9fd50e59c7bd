"""The endpoint behind links: uploads and downloads without a token, as on the service, where they go to R2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from d1_emulator.api.transfer_routes import FILES
from d1_emulator.transfers.imports import md5

if TYPE_CHECKING:
    from starlette.requests import Request

    from d1_emulator.transfers.links import Link, Links, Method


def route(links: Links) -> Route:
    """Make the route of all links."""

    async def answer(request: Request) -> Response:
        method: Method = "PUT" if request.method == "PUT" else "GET"
        link = links.find(request.path_params["key"], method)
        if link is None:
            return PlainTextResponse("This link is not valid, or no longer.", 403)
        if method == "PUT":
            return await run_in_threadpool(_store, link, await request.body())
        return FileResponse(link.path, media_type="application/sql", filename=link.name)

    return Route(f"{FILES}/{{key}}", answer, methods=["GET", "PUT"])


def _store(link: Link, content: bytes) -> Response:
    unfinished = link.path.with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.replace(link.path)
    return Response(headers={"ETag": f'"{md5(content)}"'})
