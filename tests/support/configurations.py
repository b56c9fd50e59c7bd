"""Take a parsed configuration apart: the entry, and the rest, which must not change."""

from __future__ import annotations

from typing import Any


def listed(document: dict[str, Any], environment: str) -> list[dict[str, Any]]:
    """Return the list of databases of a wrangler environment; empty for the top level."""
    content = document.get("env", {}).get(environment, {}) if environment else document
    entries: list[dict[str, Any]] = content.get("d1_databases", [])
    return entries


def apart(document: dict[str, Any], environment: str, binding: str) -> tuple[Any, dict[str, Any] | None]:
    """Return the configuration without the entry and without empty values, and the entry, if there is one."""
    entries = listed(document, environment)
    entry = next((item for item in entries if item.get("binding") == binding), None)
    if entry is not None:
        entries.remove(entry)
    return _without_empty(document), entry


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        pruned = {key: _without_empty(item) for key, item in value.items()}
        return {key: item for key, item in pruned.items() if item not in ({}, [])}
    return value
