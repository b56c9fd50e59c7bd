"""The provider writes, moves and removes the entry in the file. Errors start with the path."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import json5
import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.program.resources.bindings import WranglerBindingsProvider
from pulumi_d1.wrangler import configuration_file as wrangler_file
from pulumi_d1.wrangler.entry import WranglerEntry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENTRY = WranglerEntry(
    path="",
    environment="",
    binding="DB",
    database_name="shop-db",
    database_id="11111111-1111-4111-8111-111111111111",
    migrations_dir="migrations",
    migrations_table="d1_migrations",
    worker="shop",
)
FOREIGN = '[[d1_databases]]\nbinding = "DB"\ndatabase_id = "99999999-9999-4999-8999-999999999999"\n'


def entry_of(path: Path, **changes: str) -> WranglerEntry:
    return replace(ENTRY, path=str(path), **changes)


def props(path: Path, **changes: str) -> dict[str, Any]:
    return {**asdict(entry_of(path, **changes)), "account_id": "a" * 32}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "wrangler.toml"


def test_a_missing_folder_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "workers" / "wrangler.toml"
    with pytest.raises(ConfigError, match=r"^\S+wrangler\.toml: there is no folder '.*workers': create it"):
        wrangler_file.check_put(entry_of(path))
    path.parent.touch()
    with pytest.raises(ConfigError, match=r"^\S+wrangler\.toml: there is no folder"):
        wrangler_file.check_put(entry_of(path))


def test_a_file_that_cannot_be_read_is_refused_with_its_path(file: Path) -> None:
    file.write_bytes(b'name = "\xff"\n')
    with pytest.raises(ConfigError, match=r"^\S+wrangler\.toml: is not UTF-8 text \(byte 8\)"):
        wrangler_file.check_put(entry_of(file))
    file.unlink()
    file.mkdir()
    for action in (wrangler_file.check_put, wrangler_file.remove, wrangler_file.is_current):
        with pytest.raises(ConfigError, match=r"^\S+wrangler\.toml: cannot be read or written: Is a directory"):
            action(entry_of(file))


def test_destroy_names_a_file_that_it_cannot_edit_and_ignores_a_missing_one(file: Path) -> None:
    provider = WranglerBindingsProvider()
    file.write_text("name = \n")
    with pytest.raises(Exception, match=r"^\S+wrangler\.toml: is not valid TOML"):
        provider.delete("id", props(file))
    assert file.read_text() == "name = \n"
    file.unlink()
    provider.delete("id", props(file))
    provider.delete("id", props(file.parent / "gone" / "wrangler.toml"))
    assert list(file.parent.iterdir()) == []


def test_an_entry_that_is_current_is_not_written_again(file: Path) -> None:
    WranglerBindingsProvider().create(props(file))
    before = file.stat().st_ino
    WranglerBindingsProvider().create(props(file))
    assert file.stat().st_ino == before


@pytest.mark.parametrize("step", ["check", "create", "diff", "update"])
def test_a_foreign_entry_is_refused_in_every_step(file: Path, step: str) -> None:
    provider, new = WranglerBindingsProvider(), props(file)
    steps: dict[str, Callable[[], object]] = {
        "check": lambda: provider.check({}, new),
        "create": lambda: provider.create(new),
        "diff": lambda: provider.diff("id", new, new),
        "update": lambda: provider.update("id", new, new),
    }
    file.write_text(FOREIGN)
    with pytest.raises(Exception, match=r"wrangler\.toml: 'DB' in 'd1_databases' is bound to the database 9999"):
        steps[step]()
    assert file.read_text() == FOREIGN


def test_an_entry_of_the_previous_database_is_ours(file: Path) -> None:
    provider = WranglerBindingsProvider()
    old, new = props(file), props(file, database_id="22222222-2222-4222-8222-222222222222")
    provider.create(old)
    assert provider.diff("id", old, new).changes
    provider.update("id", old, new)
    assert new["database_id"] in file.read_text()
    assert not provider.diff("id", new, new).changes


def test_an_entry_of_a_create_that_saved_no_state_is_ours(file: Path) -> None:
    provider = WranglerBindingsProvider()
    provider.create(props(file))
    before = file.read_text()
    provider.check({}, props(file))
    provider.create(props(file))
    assert file.read_text() == before


@pytest.mark.parametrize("change", [{"binding": "NEW"}, {"environment": "production"}])
def test_another_place_in_the_file_is_an_update_that_leaves_the_old_one(file: Path, change: dict[str, str]) -> None:
    provider, text = WranglerBindingsProvider(), "# mine\n[vars]\nA = 1\n"
    file.write_text(text)
    provider.create(props(file))
    assert provider.diff("id", props(file), props(file, **change)).replaces is None
    provider.update("id", props(file), props(file, **change))
    moved = file.read_text()
    provider.delete("id", props(file, **change))
    assert file.read_text() == text
    provider.create(props(file, **change))
    assert file.read_text() == moved


def test_another_file_is_an_update_that_leaves_the_old_one(file: Path) -> None:
    provider = WranglerBindingsProvider()
    file.write_text("# mine\n")
    provider.create(props(file))
    (file.parent / "worker").mkdir()
    new = file.parent / "worker" / "wrangler.toml"
    provider.update("id", props(file), props(new))
    assert file.read_text() == "# mine\n"
    assert ENTRY.block in new.read_text()


def test_another_spelling_of_the_path_is_the_same_place(file: Path) -> None:
    provider = WranglerBindingsProvider()
    provider.create(props(file))
    before = file.read_text()
    (file.parent / "sub").mkdir()
    provider.update("id", props(file), props(file.parent / "sub" / ".." / "wrangler.toml"))
    assert file.read_text() == before


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ([], "wrangler.toml"),
        (["wrangler.jsonc"], "wrangler.jsonc"),
        (["wrangler.toml", "wrangler.jsonc"], "wrangler.jsonc"),
        (["wrangler.toml", "wrangler.jsonc", "wrangler.json"], "wrangler.json"),
    ],
)
def test_the_configuration_that_wrangler_reads_is_used_and_the_ignored_ones_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, present: list[str], expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in present:
        (tmp_path / name).touch()
    assert wrangler_file.configuration_path("") == expected
    hint = wrangler_file.ignored_files_hint("")
    assert all((name in hint) == (len(present) > 1) for name in present)
    assert wrangler_file.configuration_path("other.toml") == "other.toml"
    assert wrangler_file.ignored_files_hint("other.toml") == ""


@pytest.mark.parametrize("name", ["wrangler.toml", "wrangler.jsonc", "wrangler.json"])
def test_a_byte_order_mark_stays(tmp_path: Path, name: str) -> None:
    path, text = tmp_path / name, "\ufeff{}" if "json" in name else '\ufeffname = "é"\r\n'
    path.write_bytes(text.encode())
    wrangler_file.put(entry_of(path), {ENTRY.database_id})
    written = path.read_bytes().decode()
    assert ENTRY.database_id in written
    assert (written[0], written.count("\ufeff")) == ("\ufeff", 1)
    assert wrangler_file.is_current(entry_of(path))
    wrangler_file.remove(entry_of(path))
    assert path.read_bytes().decode() == text


def test_a_configuration_in_another_syntax_is_an_update_that_leaves_the_old_one(file: Path) -> None:
    provider = WranglerBindingsProvider()
    file.write_text("# mine\n")
    provider.create(props(file))
    new = file.with_suffix(".jsonc")
    provider.update("id", props(file), props(new))
    assert file.read_text() == "# mine\n"
    assert ENTRY.database_id in new.read_text()


PUTS = """
import sys
from pulumi_d1.wrangler import configuration_file as wrangler_file
from pulumi_d1.wrangler.entry import WranglerEntry
path, stack, id = sys.argv[1:]
for number in range(15):
    entry = WranglerEntry(path, stack, f"DB{number}", f"{stack}-{number}", id, "migrations", "d1_migrations")
    wrangler_file.put(entry, {id})
"""


@pytest.mark.parametrize("name", ["wrangler.toml", "wrangler.jsonc"])
def test_two_processes_that_write_at_once_lose_nothing(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    stacks = {"dev": ENTRY.database_id, "prod": "22222222-2222-4222-8222-222222222222"}
    processes = [subprocess.Popen([sys.executable, "-c", PUTS, path, stack, id_]) for stack, id_ in stacks.items()]
    assert [process.wait(120) for process in processes] == [0, 0]
    content = tomllib.loads(path.read_text()) if path.suffix == ".toml" else json5.loads(path.read_text())
    assert {stack: len(content["env"][stack]["d1_databases"]) for stack in stacks} == {"dev": 15, "prod": 15}
    assert [file.name for file in tmp_path.iterdir()] == [name]
