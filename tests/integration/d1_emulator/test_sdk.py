"""Every D1 method of the official SDK, sync and async, with responses validated by the SDK's types."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import cloudflare
import httpx
import pytest
from cloudflare import AsyncCloudflare, Cloudflare

from d1_emulator.server import DEFAULT_TOKEN
from tests.support.emulator_process import separating_moment

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

KINDS: list[type[Cloudflare | AsyncCloudflare]] = [Cloudflare, AsyncCloudflare]


async def answer(value: Any) -> Any:
    """Return the answer of a call, sync or async."""
    return await value if inspect.isawaitable(value) else value


async def items(pages: Any) -> list[Any]:
    """Return the items of all pages."""
    return [item async for item in pages] if hasattr(pages, "__aiter__") else list(pages)


async def fetch(method: str, url: str, content: bytes = b"") -> httpx.Response:
    """Request an address of the emulator that needs no token."""
    return await asyncio.to_thread(httpx.request, method, url, content=content)


class Story:
    """A client with its own account; `d1` is the SDK's D1, sync or async."""

    def __init__(self, kind: type[Cloudflare | AsyncCloudflare], base_url: str, token: str = DEFAULT_TOKEN) -> None:
        self.client = kind(api_token=token, base_url=base_url, max_retries=0, _strict_response_validation=True)
        self.d1: Any = self.client.d1.database
        self.account = {"account_id": uuid4().hex}

    async def create(self, name: str = "shop") -> str:
        return str((await answer(self.d1.create(name=name, **self.account))).uuid)

    async def query(self, uuid: str, sql: str) -> list[Any]:
        return [item.results for item in (await answer(self.d1.query(uuid, sql=sql, **self.account))).result]

    def run(self, scenes: Callable[[Story], Awaitable[None]]) -> None:
        """Run a test to its end, and close the client."""

        async def play() -> None:
            try:
                await scenes(self)
            finally:
                await answer(self.client.close())

        asyncio.run(play())


@pytest.fixture(params=KINDS)
def story(request: pytest.FixtureRequest, base_url: str) -> Story:
    return Story(request.param, base_url)


def test_a_database_is_made_changed_and_deleted(story: Story) -> None:
    async def scenes(story: Story) -> None:
        made = await answer(story.d1.create(name="shop", primary_location_hint="apac", **story.account))
        assert (made.name, made.read_replication.mode) == ("shop", "disabled")
        got = await answer(story.d1.get(made.uuid, **story.account))
        assert (got.uuid, got.num_tables, got.version) == (made.uuid, 0, "production")
        updated = await answer(story.d1.update(made.uuid, read_replication={"mode": "auto"}, **story.account))
        assert updated.read_replication.mode == "auto"
        edited = await answer(story.d1.edit(made.uuid, read_replication={"mode": "disabled"}, **story.account))
        assert edited.read_replication.mode == "disabled"
        await answer(story.d1.delete(made.uuid, **story.account))
        assert await items(story.d1.list(**story.account)) == []

    story.run(scenes)


def test_a_list_follows_its_pages(story: Story) -> None:
    async def scenes(story: Story) -> None:
        names = [f"db-{index:02}" for index in range(21)]
        for name in names:
            await story.create(name)
        assert [item.name for item in await items(story.d1.list(per_page=10, **story.account))] == names
        assert [item.name for item in await items(story.d1.list(name="db-2", **story.account))] == ["db-20"]

    story.run(scenes)


def test_queries_answer_with_objects_and_raw_ones_with_arrays(story: Story) -> None:
    async def scenes(story: Story) -> None:
        uuid = await story.create()
        batch = [{"sql": "CREATE TABLE t (a, b)"}, {"sql": "INSERT INTO t VALUES (?, ?)", "params": ["x", "y"]}]
        outcome = await answer(story.d1.query(uuid, batch=batch, **story.account))
        assert [(item.success, item.meta.changes) for item in outcome.result] == [(True, 0), (True, 1)]
        assert await story.query(uuid, "SELECT 1 AS one; SELECT * FROM t") == [[{"one": 1}], [{"a": "x", "b": "y"}]]
        raw = await answer(story.d1.raw(uuid, sql="SELECT a, a FROM t", **story.account))
        [results] = [item.results for item in raw.result]
        assert (results.columns, results.rows) == (["a", "a"], [["x", "x"]])

    story.run(scenes)


def test_an_export_is_imported_into_another_database(story: Story) -> None:
    async def scenes(story: Story) -> None:
        source, target = await story.create("source"), await story.create("target")
        await story.query(
            source, "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a); INSERT INTO t (a) VALUES (7)"
        )

        exported = await answer(story.d1.export(source, output_format="polling", **story.account))
        assert (exported.type, exported.success, exported.status) == ("export", True, "complete")
        script = (await fetch("GET", exported.result.signed_url)).content
        etag = hashlib.md5(script, usedforsecurity=False).hexdigest()

        started = await answer(story.d1.import_(target, action="init", etag=etag, **story.account))
        uploaded = await fetch("PUT", started.upload_url, script)
        assert uploaded.headers["etag"] == f'"{etag}"'
        ingest = {"action": "ingest", "etag": etag, "filename": started.filename}
        ingested = await answer(story.d1.import_(target, **ingest, **story.account))
        assert (ingested.type, ingested.success, ingested.status) == ("import", True, "complete")
        assert ingested.result.num_queries == 5
        bookmark = (await answer(story.d1.time_travel.get_bookmark(target, **story.account))).bookmark
        assert ingested.result.final_bookmark == bookmark
        assert await story.query(target, "SELECT * FROM t") == [[{"id": 1, "a": 7}]]

        poll = {"action": "poll", "current_bookmark": ingested.at_bookmark}
        polled = await answer(story.d1.import_(target, **poll, **story.account))
        assert (polled.success, polled.error) == (False, "Not currently importing anything.")

    story.run(scenes)


def test_a_dump_without_data_of_one_table(story: Story) -> None:
    async def scenes(story: Story) -> None:
        uuid = await story.create()
        await story.query(uuid, "CREATE TABLE t (a); CREATE TABLE u (a); INSERT INTO t VALUES (1)")
        options = {"no_data": True, "tables": ["t"]}
        made = await answer(story.d1.export(uuid, output_format="polling", dump_options=options, **story.account))
        dump = (await fetch("GET", made.result.signed_url)).text
        assert dump == "PRAGMA defer_foreign_keys=TRUE;\nCREATE TABLE t (a);\n"

    story.run(scenes)


def test_time_travel_restores_by_bookmark_and_by_time(story: Story) -> None:
    async def scenes(story: Story) -> None:
        uuid = await story.create()
        travel = story.d1.time_travel
        empty = (await answer(travel.get_bookmark(uuid, **story.account))).bookmark
        moment = separating_moment()
        await story.query(uuid, "CREATE TABLE t (a)")
        full = (await answer(travel.get_bookmark(uuid, **story.account))).bookmark
        assert (await answer(travel.get_bookmark(uuid, timestamp=moment, **story.account))).bookmark == empty

        back = await answer(travel.restore(uuid, bookmark=empty, **story.account))
        assert (back.previous_bookmark, back.message) == (full, "Database restored successfully")
        undone = await answer(travel.restore(uuid, bookmark=back.previous_bookmark, **story.account))
        assert undone.previous_bookmark == back.bookmark
        assert await story.query(uuid, "SELECT * FROM t") == [[]]
        await answer(travel.restore(uuid, timestamp=moment, **story.account))
        with pytest.raises(cloudflare.BadRequestError, match="no such table: t"):
            await story.query(uuid, "SELECT * FROM t")

    story.run(scenes)


@pytest.mark.parametrize(
    ("method", "target", "arguments", "kind", "code"),
    [
        ("create", "account", {"name": "shop"}, cloudflare.BadRequestError, 7502),
        ("create", "account", {"name": "not a name"}, cloudflare.BadRequestError, 7400),
        ("query", "shop", {"sql": "SELEC"}, cloudflare.BadRequestError, 7500),
        ("raw", "shop", {"sql": "BEGIN"}, cloudflare.BadRequestError, 7500),
        ("import_", "shop", {"action": "init", "etag": "x"}, cloudflare.BadRequestError, 7400),
        ("time_travel.restore", "shop", {}, cloudflare.BadRequestError, 7400),
        ("time_travel.restore", "shop", {"bookmark": "x"}, cloudflare.BadRequestError, 7400),
        ("get", "nowhere", {}, cloudflare.NotFoundError, 7404),
        ("delete", "nowhere", {}, cloudflare.NotFoundError, 7404),
        ("query", "nowhere", {"sql": "SELECT 1"}, cloudflare.NotFoundError, 7404),
        ("export", "nowhere", {"output_format": "polling"}, cloudflare.NotFoundError, 7404),
        ("time_travel.get_bookmark", "nowhere", {}, cloudflare.NotFoundError, 7404),
    ],
)
def test_an_error_is_the_sdks_exception_with_cloudflares_code(  # noqa: PLR0913 - the columns of the table, and a fixture
    *,
    story: Story,
    method: str,
    target: str,
    arguments: dict[str, str],
    kind: type[cloudflare.APIStatusError],
    code: int,
) -> None:
    async def scenes(story: Story) -> None:
        uuids = {"account": [], "shop": [await story.create("shop")], "nowhere": [str(uuid4())]}
        with pytest.raises(kind) as raised:
            await answer(attrgetter(method)(story.d1)(*uuids[target], **arguments, **story.account))
        assert [error.code for error in raised.value.errors] == [code]

    story.run(scenes)


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_token_is_an_authentication_error(kind: type[Cloudflare | AsyncCloudflare], base_url: str) -> None:
    async def scenes(story: Story) -> None:
        with pytest.raises(cloudflare.AuthenticationError) as raised:
            await story.create()
        assert [error.code for error in raised.value.errors] == [10000]

    Story(kind, base_url, token="another-token").run(scenes)
