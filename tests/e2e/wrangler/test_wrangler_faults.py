"""The real wrangler against faults and limits: it fails as with the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from d1_emulator.faults.control import PATH
from d1_emulator.server import DEFAULT_TOKEN, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.http_account import HttpAccount
    from tests.support.wrangler import Wrangler

pytestmark = pytest.mark.thorough

_TRIGGER = "CREATE TABLE t (a);\nCREATE TRIGGER r AFTER INSERT ON t begin UPDATE t SET a = 1; end;\n"


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of this module's own emulator, because faults would hit the tests of other modules."""
    with serving(tmp_path_factory.mktemp("faults")) as address:
        yield address.base_url


def _set(base_url: str, **document: Any) -> None:
    headers = {"Authorization": f"Bearer {DEFAULT_TOKEN}"}
    answer = httpx.put(httpx.URL(base_url).join(PATH), json=document, headers=headers)
    assert answer.status_code == 200, answer.text


def test_the_strict_splitter_refuses_a_trigger_as_a_migration_and_not_as_a_file(
    base_url: str, wrangler: Wrangler, cloud: HttpAccount, shop: str
) -> None:
    _set(base_url, strict_splitter=True)
    wrangler.write("migrations/0001_trigger.sql", _TRIGGER)
    refused = wrangler.d1("migrations", "apply", "DB", "--remote", code=1)
    assert "incomplete input: SQLITE_ERROR [code: 7500]" in refused.errors
    assert cloud.tables(shop) == ["d1_migrations"]
    wrangler.d1("execute", "DB", "--remote", "--yes", "--file", "migrations/0001_trigger.sql")
    assert cloud.tables(shop) == ["d1_migrations", "t"]


@pytest.mark.usefixtures("shop")
def test_an_import_that_stays_active_and_then_fails_is_followed_to_its_end(base_url: str, wrangler: Wrangler) -> None:
    states = [
        {"fault": "import-active", "when": "after", "endpoint": "import", "contains": "ingest"},
        {"fault": "import-active", "endpoint": "import", "contains": "poll", "times": 2},
        {"fault": "import-error", "endpoint": "import", "contains": "poll", "nth": 3},
    ]
    _set(base_url, faults=states)
    wrangler.write("one.sql", "CREATE TABLE one (a);")
    failed = wrangler.d1("execute", "DB", "--remote", "--yes", "--file", "one.sql", code=1)
    assert "internal error" in failed.stdout + failed.errors
    headers = {"Authorization": f"Bearer {DEFAULT_TOKEN}"}
    shown = httpx.get(httpx.URL(base_url).join(PATH), headers=headers).json()["result"]["faults"]
    assert [rule["seen"] for rule in shown] == [1, 3, 3]


def test_a_fault_in_the_second_migration_leaves_the_first_applied(
    base_url: str, wrangler: Wrangler, cloud: HttpAccount, shop: str
) -> None:
    _set(
        base_url,
        faults=[{"fault": "error", "endpoint": "query", "contains": "CREATE TABLE t", "nth": 2, "times": None}],
    )
    for number in (1, 2, 3):
        wrangler.write(f"migrations/000{number}_t.sql", f"CREATE TABLE t{number} (a);")
    stopped = wrangler.d1("migrations", "apply", "DB", "--remote", code=1)
    assert "internal error" in stopped.errors
    _set(base_url)
    assert cloud.tables(shop) == ["d1_migrations", "t1"]
