"""The cache holds complete entries or none, also when runs start at once or are killed."""

from __future__ import annotations

import logging
import subprocess
import sys
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING

import pytest

from tools.engine import cache

if TYPE_CHECKING:
    from pathlib import Path

MAKES_UNTIL_ITS_INPUT_ENDS = """
import logging, sys
from tools.engine import cache

def make(into):
    with open(sys.argv[1], "a") as log:
        log.write("made\\n")
    (into / "first").write_text("1")
    print("half", flush=True)
    sys.stdin.read()
    (into / "second").write_text("2")

logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stdout)
print(cache.get_or_make("tool-1.0", make))
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
    entry = cache.get_or_make("tool-1.0", make)
    assert cache.get_or_make("tool-1.0", never) == entry == cache.lookup("tool-1.0")
    assert (entry / "bin" / "tool").read_text() == "tool"


def test_a_version_is_an_entry_of_its_own() -> None:
    cache.get_or_make("tool-1.0", make)
    assert cache.lookup("tool-1.1") is None


@pytest.mark.parametrize("damage", ["changed", "missing", "extra", "no manifest", "half a manifest"])
def test_a_damaged_entry_is_made_again(damage: str, caplog: pytest.LogCaptureFixture) -> None:
    entry = cache.get_or_make("tool-1.0", make)
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
    caplog.set_level(logging.INFO)
    cache.get_or_make("tool-1.0", make)
    assert caplog.messages == ["The cached tool-1.0 is incomplete or damaged: making it again."]
    assert cache.lookup("tool-1.0") == entry


def test_a_failure_while_making_leaves_nothing(tmp_path: Path) -> None:
    def fail(into: Path) -> None:
        make(into)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        cache.get_or_make("tool-1.0", fail)
    assert list((tmp_path / "cache").iterdir()) == []


def start(stack: ExitStack, tmp_path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", MAKES_UNTIL_ITS_INPUT_ENDS, str(tmp_path / "log")]
    run = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    stack.enter_context(run)
    stack.callback(run.kill)
    return run


def output(run: subprocess.Popen[str]) -> IO[str]:
    assert run.stdout
    return run.stdout


def test_three_runs_at_once_make_it_once(tmp_path: Path) -> None:
    with ExitStack() as stack:
        runs = [start(stack, tmp_path) for _ in range(3)]
        waiting = f"Waiting for another run that is writing to {tmp_path / 'cache'}\n"
        assert sorted(output(run).readline() for run in runs) == [waiting, waiting, "half\n"]
        for run in runs:
            assert run.stdin
            run.stdin.close()
        assert [output(run).read() for run in runs] == [f"{tmp_path / 'cache' / 'tool-1.0'}\n"] * 3
        assert [run.wait() for run in runs] == [0, 0, 0]
    assert (tmp_path / "log").read_text() == "made\n"


def test_a_run_that_is_killed_while_making_leaves_no_entry(tmp_path: Path) -> None:
    with ExitStack() as stack:
        assert output(start(stack, tmp_path)).readline() == "half\n"
    assert cache.lookup("tool-1.0") is None
    assert cache.get_or_make("tool-1.0", make) == cache.lookup("tool-1.0")
