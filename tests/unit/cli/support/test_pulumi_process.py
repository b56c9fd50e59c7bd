"""Messages of pulumi about locks get a next step, and its output is read as JSON."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.cli.support import pulumi_process
from pulumi_d1.errors import ConfigError, PulumiFailed, StackLocked

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """\
#!/bin/sh
case "$*" in
  *whoami*) echo '{{"user": "me", "url": "{url}"}}' ;;
  *) echo "error: unexpected end of JSON input" >&2; exit 1 ;;
esac
"""


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file backend whose pulumi fails as with an empty lock file."""
    folder = tmp_path / "backend"
    _install(tmp_path / "bin", f"file://{folder}", monkeypatch)
    return folder


def _install(binaries: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    binaries.mkdir()
    script = binaries / "pulumi"
    script.write_text(SCRIPT.format(url=url))
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{binaries}{os.pathsep}{os.environ['PATH']}")


def _lock(backend: Path, stack: str, text: str) -> Path:
    file = backend / ".pulumi" / "locks" / "organization" / "shop" / stack / "0a1b.json"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return file


def test_an_empty_lock_file_is_named(backend: Path) -> None:
    lock = _lock(backend, "dev", "")
    with pytest.raises(StackLocked) as caught:
        pulumi_process.run("up", stack="dev", quiet=True)
    assert str(caught.value) == (
        f"the lock file {lock} of stack 'dev' is empty, as after a full disk: if no other run is at work, run "
        "'pulumi cancel --stack dev', which deletes it, and run this again"
    )


def test_without_an_empty_lock_file_of_the_stack_pulumi_has_printed_the_reason(backend: Path) -> None:
    _lock(backend, "dev", '{"pid": 1}')
    _lock(backend, "prod", "")
    with pytest.raises(PulumiFailed, match="'pulumi up --stack dev' failed with exit code 1") as caught:
        pulumi_process.run("up", stack="dev", quiet=True)
    assert not isinstance(caught.value, StackLocked)


def test_other_backends_have_no_lock_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(tmp_path / "bin", "https://api.pulumi.com", monkeypatch)
    with pytest.raises(PulumiFailed, match="exit code 1"):
        pulumi_process.run("up", stack="dev", quiet=True)


def test_a_pulumi_that_prints_no_json_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(tmp_path / "bin", '"', monkeypatch)
    with pytest.raises(ConfigError) as caught:
        pulumi_process.capture_json("whoami", "--json")
    assert str(caught.value) == "'pulumi whoami --json' printed no JSON: check with 'which pulumi' that it is Pulumi's"
