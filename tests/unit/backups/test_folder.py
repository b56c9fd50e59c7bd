"""Backups in a folder survive a crash of the machine: the original may be deleted as soon as they are saved."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pulumi_d1.backups.folder import Folder

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_all_bytes_and_then_the_name_of_a_backup_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[int, list[str]]] = []

    def sync(descriptor: int) -> None:
        synced.append((os.fstat(descriptor).st_size, list(Folder(tmp_path).sizes())))

    monkeypatch.setattr(os, "fsync", sync)
    name = "shop-20261130T000000Z.sql.gz"
    Folder(tmp_path).save(name, [b"a" * 10, b"b" * 10])
    assert synced[0] == (20, [])
    assert synced[1][1] == [name]
