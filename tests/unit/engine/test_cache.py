"""The cache holds complete entries or none, also when runs start at once or are killed."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tools.engine import cache

if TYPE_CHECKING:
    from pathlib import Path

MAKES_SLOWLY = """
import sys, time
from pathlib import Path
from tools.engine import cache

def make(into):
    with open(sys.argv[1], "a") as log:
        log.write("made\\n")
    (into / "first").write_text("1")
    time.sleep(0.5)
    (into / "second").write_text("2")

print(cache.get_or_make("tool-1.0", make, print))
"""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("D1_CACHE_DIR", str(tmp_path / "cache"))


def make(into: Path) -> None:
    (into / "bin").mkdir()
    (into / "bin" / "tool").write_text("tool")


def never(into: Path) -> None:
    pytest.fail(f"made {into} again")


def test_an_entry_is_made_once() -> None:
    assert cache.lookup("tool-1.0") is None
    entry = cache.get_or_make("tool-1.0", make, print)
    assert cache.get_or_make("tool-1.0", never, print) == entry == cache.lookup("tool-1.0")
    assert (entry / "bin" / "tool").read_text() == "tool"


def test_a_version_is_an_entry_of_its_own() -> None:
    cache.get_or_make("tool-1.0", make, print)
    assert cache.lookup("tool-1.1") is None


@pytest.mark.parametrize("damage", ["changed", "missing", "extra", "no manifest", "half a manifest"])
def test_a_damaged_entry_is_made_again(damage: str) -> None:
    entry = cache.get_or_make("tool-1.0", make, print)
    match damage:
        case "changed":
            (entry / "bin" / "tool").write_text("lool")
        case "missing":
            (entry / "bin" / "tool").unlink()
        case "extra":
            (entry / "bin" / "other").write_text("")
        case "no manifest":
            (entry / cache.MANIFEST).unlink()
        case "half a manifest":
            (entry / cache.MANIFEST).write_text('{"bin/to')
    assert cache.lookup("tool-1.0") is None
    said: list[str] = []
    cache.get_or_make("tool-1.0", make, said.append)
    assert said == ["The cached tool-1.0 is incomplete or damaged: making it again."]
    assert cache.lookup("tool-1.0") == entry


def test_a_failure_while_making_leaves_nothing(tmp_path: Path) -> None:
    def fail(into: Path) -> None:
        make(into)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        cache.get_or_make("tool-1.0", fail, print)
    assert list((tmp_path / "cache").iterdir()) == []


def test_two_runs_at_once_make_it_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAKES_SLOWLY, str(tmp_path / "log")]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    outputs = [run.communicate(timeout=60)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0]
    assert (tmp_path / "log").read_text() == "made\n"
    assert {output.splitlines()[-1] for output in outputs} == {str(tmp_path / "cache" / "tool-1.0")}


def test_a_run_that_is_killed_while_making_leaves_no_entry(tmp_path: Path) -> None:
    slow = MAKES_SLOWLY.replace("time.sleep(0.5)", "print('half', flush=True); time.sleep(60)")
    with subprocess.Popen([sys.executable, "-c", slow, str(tmp_path / "log")], stdout=subprocess.PIPE) as run:
        assert run.stdout
        assert run.stdout.readline() == b"half\n"
        run.kill()
    assert cache.lookup("tool-1.0") is None
    assert cache.get_or_make("tool-1.0", make, print) == cache.lookup("tool-1.0")
