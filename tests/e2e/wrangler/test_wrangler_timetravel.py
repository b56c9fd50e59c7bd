"""wrangler d1 time-travel: bookmarks, restores, and undone restores."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.emulator_process import separating_moment

if TYPE_CHECKING:
    from tests.support.http_account import HttpAccount
    from tests.support.wrangler import Wrangler

pytestmark = pytest.mark.thorough


def test_info_names_the_current_bookmark_and_the_command_to_restore_it(
    wrangler: Wrangler, shop: str, cloud: HttpAccount
) -> None:
    cloud.query(shop, "CREATE TABLE t (a)")
    bookmark = cloud.bookmark(shop)
    shown = wrangler.d1("time-travel", "info", "shop").stdout
    assert f"The current bookmark is '{bookmark}'" in shown
    assert f"wrangler d1 time-travel restore shop --bookmark={bookmark}" in shown


def test_info_finds_the_bookmark_of_a_time(wrangler: Wrangler, shop: str, cloud: HttpAccount) -> None:
    cloud.query(shop, "CREATE TABLE t (a)")
    then = cloud.bookmark(shop)
    moment = separating_moment()
    cloud.query(shop, "INSERT INTO t VALUES (1)")
    assert wrangler.json("time-travel", "info", "shop", "--timestamp", moment.isoformat()) == {"bookmark": then}


def test_a_restore_brings_back_the_rows_of_a_bookmark_and_can_be_undone(
    wrangler: Wrangler, shop: str, cloud: HttpAccount
) -> None:
    cloud.query(shop, "CREATE TABLE t (a); INSERT INTO t VALUES ('kept')")
    good = cloud.bookmark(shop)
    cloud.query(shop, "DROP TABLE t")
    bad = cloud.bookmark(shop)

    restored = wrangler.json("time-travel", "restore", "shop", "--bookmark", good)
    assert restored["previous_bookmark"] == bad
    assert restored["bookmark"] == cloud.bookmark(shop)
    assert cloud.query(shop, "SELECT a FROM t") == [{"a": "kept"}]

    undone = wrangler.d1("time-travel", "restore", "shop", f"--bookmark={restored['previous_bookmark']}")
    assert "Using fallback value in non-interactive context: yes" in undone.stdout
    assert f"Database shop restored back to bookmark {cloud.bookmark(shop)}" in undone.stdout
    assert cloud.tables(shop) == []


def test_a_restore_to_a_time(wrangler: Wrangler, shop: str, cloud: HttpAccount) -> None:
    cloud.query(shop, "CREATE TABLE t (a); INSERT INTO t VALUES ('kept')")
    moment = separating_moment()
    cloud.query(shop, "DELETE FROM t")
    wrangler.json("time-travel", "restore", "shop", f"--timestamp={moment.isoformat()}")
    assert cloud.query(shop, "SELECT a FROM t") == [{"a": "kept"}]


@pytest.mark.parametrize("bookmark", ["nonsense", "00000001-00000002-00004e00-00000000000000000000000000000000"])
def test_an_unknown_bookmark_is_refused(wrangler: Wrangler, shop: str, cloud: HttpAccount, bookmark: str) -> None:
    before = cloud.bookmark(shop)
    failed = wrangler.d1("time-travel", "restore", "shop", f"--bookmark={bookmark}", code=1)
    assert f"bookmark {bookmark} is not one of this database's [code: 7400]" in failed.errors
    assert cloud.bookmark(shop) == before


def test_a_time_before_the_database_was_made_is_refused(wrangler: Wrangler, shop: str) -> None:
    earlier = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    failed = wrangler.d1("time-travel", "info", "shop", f"--timestamp={earlier}", code=1)
    assert "is before the database was created [code: 7400]" in failed.errors
    assert shop in failed.errors
