"""Every D1 method of the official SDK, sync and async, with responses held against the SDK's own types."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
from datetime import UTC, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import cloudflare
import httpx
import pytest
from cloudflare import AsyncCloudflare, Cloudflare

from d1_emulator.server import DEFAULT_TOKEN

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

KINDS: list[type[Cloudflare | AsyncCloudflare]] = [Cloudflare, AsyncCloudflare]


async def done(value: Any) -> Any:
    """Give the answer of a call, of whichever client."""
    return await value if inspect.isawaitable(value) else value


async def items(pages: Any) -> list[Any]:
    """Give the items of all pages."""
    return [item async for item in pages] if hasattr(pages, "__aiter__") else list(pages)


async def fetch(method: str, url: str, content: bytes = b"") -> httpx.Response:
    """Use an address of the emulator's that needs no token."""
    return await asyncio.to_thread(httpx.request, method, url, content=content)


class Story:
    """A client with an account of its own; `d1` takes and gives what the SDK does."""

    def __init__(self, kind: type[Cloudflare | AsyncCloudflare], base_url: str, token: str = DEFAULT_TOKEN) -> None:
        self.client = kind(api_token=token, base_url=base_url, max_retries=0, _strict_response_validation=True)
        self.d1: Any = self.client.d1.database
        self.account = {"account_id": uuid4().hex}

    async def create(self, name: str = "shop") -> str:
        return str((await done(self.d1.create(name=name, **self.account))).uuid)

    async def query(self, uuid: str, sql: str) -> list[Any]:
        return [item.results for item in (await done(self.d1.query(uuid, sql=sql, **self.account))).result]

    def run(self, scenes: Callable[[Story], Awaitable[None]]) -> None:
        """Play a test to its end, and close the client."""

        async def play() -> None:
            try:
                await scenes(self)
            finally:
                await done(self.client.close())

        asyncio.run(play())


@pytest.fixture(params=KINDS)
def story(request: pytest.FixtureRequest, base_url: str) -> Story:
    return Story(request.param, base_url)


def test_a_database_is_made_changed_and_deleted(story: Story) -> None:
    async def scenes(story: Story) -> None:
        made = await done(story.d1.create(name="shop", primary_location_hint="apac", **story.account))
        assert (made.name, made.read_replication.mode) == ("shop", "disabled")
        got = await done(story.d1.get(made.uuid, **story.account))
        assert (got.uuid, got.num_tables, got.version) == (made.uuid, 0, "production")
        updated = await done(story.d1.update(made.uuid, read_replication={"mode": "auto"}, **story.account))
        assert updated.read_replication.mode == "auto"
        edited = await done(story.d1.edit(made.uuid, read_replication={"mode": "disabled"}, **story.account))
        assert edited.read_replication.mode == "disabled"
        await done(story.d1.delete(made.uuid, **story.account))
        assert await items(story.d1.list(**story.account)) == []

    story.run(scenes)


def test_a_list_turns_its_pages_itself(story: Story) -> None:
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
        ran = await done(story.d1.query(uuid, batch=batch, **story.account))
        assert [(item.success, item.meta.changes) for item in ran.result] == [(True, 0), (True, 1)]
        assert await story.query(uuid, "SELECT 1 AS one; SELECT * FROM t") == [[{"one": 1}], [{"a": "x", "b": "y"}]]
        raw = await done(story.d1.raw(uuid, sql="SELECT a, a FROM t", **story.account))
        [results] = [item.results for item in raw.result]
        assert (results.columns, results.rows) == (["a", "a"], [["x", "x"]])

    story.run(scenes)


def test_an_export_is_imported_into_another_database(story: Story) -> None:
    async def scenes(story: Story) -> None:
        source, target = await story.create("source"), await story.create("target")
        await story.query(
            source, "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a); INSERT INTO t (a) VALUES (7)"
        )

        exported = await done(story.d1.export(source, output_format="polling", **story.account))
        assert (exported.type, exported.success, exported.status) == ("export", True, "complete")
        script = (await fetch("GET", exported.result.signed_url)).content
        etag = hashlib.md5(script, usedforsecurity=False).hexdigest()

        begun = await done(story.d1.import_(target, action="init", etag=etag, **story.account))
        uploaded = await fetch("PUT", begun.upload_url, script)
        assert uploaded.headers["etag"] == f'"{etag}"'
        ingest = {"action": "ingest", "etag": etag, "filename": begun.filename}
        ingested = await done(story.d1.import_(target, **ingest, **story.account))
        assert (ingested.type, ingested.success, ingested.status) == ("import", True, "complete")
        assert ingested.result.num_queries == 5
        bookmark = (await done(story.d1.time_travel.get_bookmark(target, **story.account))).bookmark
        assert ingested.result.final_bookmark == bookmark
        assert await story.query(target, "SELECT * FROM t") == [[{"id": 1, "a": 7}]]

        poll = {"action": "poll", "current_bookmark": ingested.at_bookmark}
        polled = await done(story.d1.import_(target, **poll, **story.account))
        assert (polled.success, polled.error) == (False, "Not currently importing anything.")

    story.run(scenes)


def test_a_dump_without_data_of_one_table(story: Story) -> None:
    async def scenes(story: Story) -> None:
        uuid = await story.create()
        await story.query(uuid, "CREATE TABLE t (a); CREATE TABLE u (a); INSERT INTO t VALUES (1)")
        options = {"no_data": True, "tables": ["t"]}
        made = await done(story.d1.export(uuid, output_format="polling", dump_options=options, **story.account))
        dump = (await fetch("GET", made.result.signed_url)).text
        assert dump == "PRAGMA defer_foreign_keys=TRUE;\nCREATE TABLE t (a);\n"

    story.run(scenes)


def test_time_travel_goes_back_by_bookmark_and_by_time(story: Story) -> None:
    async def scenes(story: Story) -> None:
        uuid = await story.create()
        travel = story.d1.time_travel
        empty = (await done(travel.get_bookmark(uuid, **story.account))).bookmark
        moment = datetime.now(UTC)
        await asyncio.sleep(0.002)  # to the next millisecond, the grain of the history
        await story.query(uuid, "CREATE TABLE t (a)")
        full = (await done(travel.get_bookmark(uuid, **story.account))).bookmark
        assert (await done(travel.get_bookmark(uuid, timestamp=moment, **story.account))).bookmark == empty

        back = await done(travel.restore(uuid, bookmark=empty, **story.account))
        assert (back.previous_bookmark, back.message) == (full, "Database restored successfully")
        undone = await done(travel.restore(uuid, bookmark=back.previous_bookmark, **story.account))
        assert undone.previous_bookmark == back.bookmark
        assert await story.query(uuid, "SELECT * FROM t") == [[]]
        await done(travel.restore(uuid, timestamp=moment, **story.account))
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
            await done(attrgetter(method)(story.d1)(*uuids[target], **arguments, **story.account))
        assert [error.code for error in raised.value.errors] == [code]

    story.run(scenes)


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_token_is_an_authentication_error(kind: type[Cloudflare | AsyncCloudflare], base_url: str) -> None:
    async def scenes(story: Story) -> None:
        with pytest.raises(cloudflare.AuthenticationError) as raised:
            await story.create()
        assert [error.code for error in raised.value.errors] == [10000]

    Story(kind, base_url, token="another-token").run(scenes)
