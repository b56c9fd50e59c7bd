"""Backups as text. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_d1.escaping import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_d1.backups.manifest import Manifest

_KB, _MB, _GB = 1e3, 1e6, 1e9


def format_created(name: str, place: object, manifest: Manifest) -> str:
    """Return the lines that describe a new backup."""
    return "\n".join((f"backup {name} in {place}", *_facts(manifest)))


def format_contents(manifest: Manifest) -> str:
    """Return `4 tables, 1,234 rows`."""
    tables = sum(name.startswith("table ") for name in manifest.contents.schema)
    rows = manifest.contents.rows
    return f"{tables:,} table{'s' * (tables != 1)}, {rows:,} row{'s' * (rows != 1)}"


def format_size(size: int) -> str:
    """Return a size in bytes: `1.2 MB`."""
    for unit, name in ((_GB, "GB"), (_MB, "MB"), (_KB, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} B"


def _facts(manifest: Manifest) -> Iterator[str]:
    yield f"  contents    {format_contents(manifest)}"
    last = f", the last is {escape_line(manifest.last_migration)}" if manifest.last_migration else ""
    yield f"  migrations  {manifest.migrations}{last}"
    yield f"  bookmark    {manifest.bookmark}"
    if not manifest.is_consistent:
        yield "  warning: not consistent: the database changed during each read; its rows may be of different moments"
    for table in manifest.empty:
        yield f"  warning: {escape_line(table)} is empty in the backup: it does not store its content (content='')"
    for orphan in manifest.orphans:
        yield f"  orphans     {orphan}"
