"""Whatever a user's file contains, reading, checking and editing it ends with our errors, or works."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_d1.cli.support import project
from pulumi_d1.cloudflare.database import QueryResult, Row
from pulumi_d1.errors import D1Error
from pulumi_d1.migrations.folder import migrations_folder
from pulumi_d1.migrations.review.review import review_database
from pulumi_d1.migrations.run.request import make_request
from pulumi_d1.wrangler import configuration_file
from pulumi_d1.wrangler.entry import WranglerEntry
from tests.support.fuzzing import fuzz_inputs, mutated_text, samples

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pulumi_d1.settings import Settings


CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class EmptyDatabase:
    """A database without tables."""

    def read(self, _: str) -> tuple[Row, ...]:
        return ()

    def query(self, statements: Sequence[str]) -> tuple[QueryResult, ...]:
        return tuple(QueryResult((), 0, 0) for _ in statements)


def check(name: str, action: Callable[[bytes], object], prefix: str = "") -> None:
    """Pass texts in a language to an action, which must end with one of our errors or none."""
    texts, words = samples(name)
    for number, dice in fuzz_inputs(name):
        data = mutated_text(dice, [prefix + text for text in texts], words)
        try:
            action(data)
        except D1Error as error:
            if CONTROL_CHARACTERS.search(str(error)):
                pytest.fail(f"input {number}: {str(error)!a} cannot be printed")
        except Exception as error:  # noqa: BLE001 - what the test looks for
            pytest.fail(f"input {number}: {type(error).__name__}: {str(error)[:200]} for {data[:300]!r}", pytrace=True)


def test_a_stacks_yaml_is_read_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", "0" * 32)
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")

    def read(data: bytes) -> None:
        (tmp_path / "Pulumi.dev.yaml").write_bytes(data)
        _use(project.settings(tmp_path, "dev"))

    check("yaml", read)


def test_the_projects_yaml_is_read_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", "0" * 32)

    def read(data: bytes) -> None:
        (tmp_path / "Pulumi.yaml").write_bytes(data)
        _use(project.settings(tmp_path, "dev"))

    check("yaml", read, "name: shop\nruntime: python\n")


def _use(settings: Settings) -> None:
    """Read what is computed from settings."""
    assert settings.run_options.as_json()
    assert settings.database_name
    assert (settings.seeds_dir, settings.lifetime, settings.binding_environment, settings.quarantined) is not None


@pytest.mark.parametrize("language", ["toml", "jsonc"])
def test_a_wrangler_configuration_is_edited_or_refused(tmp_path: Path, language: str) -> None:
    path = tmp_path / f"wrangler.{language}"
    new = WranglerEntry(str(path), "dev", "DB", "shop-db-dev", "d5b1d127-1111-4222-8333-999999999999", "migrations")

    def edit(data: bytes) -> None:
        path.write_bytes(data)
        configuration_file.differences(new)
        configuration_file.read_worker(str(path))
        configuration_file.local_id(new)
        ours = [entry.database_id for entry in configuration_file.bound_entries(str(path))]
        assert configuration_file.put(new, ours) is True
        assert configuration_file.is_current(new)
        configuration_file.remove(new)

    check(language, edit)


def test_a_migration_is_read_rehearsed_and_made_a_request_or_refused(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    empty: Any = EmptyDatabase()

    def read(data: bytes) -> None:
        (folder / "0001_a.sql").write_bytes(data)
        files = migrations_folder("migrations", root=tmp_path).read()
        review_database(empty, files, "d1_migrations", {})
        for file in files:
            assert isinstance(file.is_empty, bool)
            make_request(file, "migrations", "d1_migrations")

    check("sql", read)


def test_an_input_is_the_same_in_every_run() -> None:
    first, second = ([mutated_text(dice, *samples("sql")) for _, dice in islice(fuzz_inputs("sql"), 9)] for _ in "ab")
    assert first == second
