"""`python tools/engine` prints the engine and the provider, or one error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pulumi_d1.errors import ConfigError
from tools.engine import finder, get_engine, provider_plugin, scripts

ENGINE = finder.Engine(Path("/opt/pulumi"), "99.0.0", finder.BUILT, (Path("/opt"),))


@pytest.fixture(autouse=True)
def written(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Arguments of the script that would be written."""
    arguments: list[Any] = []
    monkeypatch.setattr("sys.argv", ["tools/engine"])
    monkeypatch.setattr(scripts, "write_pulumi", lambda *given: arguments.append(given))
    monkeypatch.setattr(finder, "get", lambda: ENGINE)
    monkeypatch.setattr(finder, "variables", dict)
    monkeypatch.setattr(provider_plugin, "get", lambda _engine: None)
    return arguments


@pytest.mark.parametrize(
    ("installed", "line"),
    [
        (True, f"Cloudflare provider: plugin {provider_plugin.version()}"),
        (False, "Cloudflare provider: stand-in, for the emulator only"),
    ],
)
def test_it_prints_the_engine_and_writes_its_script(
    *,
    installed: bool,
    line: str,
    written: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(provider_plugin, "is_installed", lambda: installed)
    monkeypatch.setattr(scripts, "write_home_of_standin", lambda version: Path(f"/home/{version}"))
    assert get_engine.main() is None
    assert capsys.readouterr().out == f"Pulumi engine: 99.0.0 from Go modules (/opt/pulumi)\n{line}\n"
    variables = {} if installed else {"PULUMI_HOME": f"/home/{provider_plugin.version()}"}
    assert written == [(ENGINE.executable, (Path("/opt"),), variables)]


def test_a_failure_is_one_message(monkeypatch: pytest.MonkeyPatch, written: list[Any]) -> None:
    def fail() -> finder.Engine:
        raise ConfigError("no Go")

    monkeypatch.setattr(finder, "get", fail)
    assert get_engine.main() == "Error: no Go"
    assert written == []
