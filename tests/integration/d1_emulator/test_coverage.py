"""The table of endpoints in docs/emulator.md is fresh, and its list of D1's endpoints is complete."""

from __future__ import annotations

import inspect
import re

import pytest
from cloudflare.resources.d1.database import database, time_travel

from d1_emulator.api.routes import ROUTES
from tests.support import emulator_endpoints as coverage
from tests.support.emulator_endpoints import D1_API, DOCUMENT, Endpoint

_CALL = re.compile(
    r'self\._(get|post|put|patch|delete|get_api_list)\(\s*path_template\(\s*"([^"]+)"(.*?)\n        \)', re.DOTALL
)


def _sdk_endpoints() -> set[Endpoint]:
    """Return every endpoint that the official client calls."""
    endpoints = set()
    for method, path, rest in _CALL.findall(inspect.getsource(database) + inspect.getsource(time_travel)):
        explicit = re.search(r'method="(\w+)"', rest)
        verb = explicit[1] if explicit else "get" if method == "get_api_list" else method
        endpoints.add(
            Endpoint(verb.upper(), path.replace("{account_id}", "{account}").replace("{database_id}", "{database}"))
        )
    return endpoints


def test_the_list_is_what_the_official_client_calls() -> None:
    assert _sdk_endpoints() == set(D1_API)
    assert len(D1_API) == len(set(D1_API))


def test_the_table_in_the_documentation_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert coverage.main([]) == 0, capsys.readouterr().err


def test_a_stale_table_is_reported_and_rewritten(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path_factory.mktemp("docs") / DOCUMENT.name
    copy.write_text(DOCUMENT.read_text().replace("| yes |", "| perhaps |", 1))
    monkeypatch.setattr(coverage, "DOCUMENT", copy)
    assert coverage.main([]) == 1
    assert capsys.readouterr().err == f"the table in emulator.md is stale: run '{coverage.COMMAND}'\n"
    assert coverage.main(["--write"]) == 0
    assert copy.read_text() == DOCUMENT.read_text()


def test_an_endpoint_that_is_missing_shows_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    rest = {path: handlers for path, handlers in ROUTES.items() if not path.endswith("/raw")}
    monkeypatch.setattr(coverage, "ROUTES", rest)
    assert "/raw` | **no** |  |" in coverage.table()
    with pytest.raises(ValueError, match="markers"):
        coverage.with_table("no markers here")
