"""A wrangler configuration, read, with the entry taken out of it: what the text tests of both languages compare."""

from __future__ import annotations

from typing import Any


def listed(document: dict[str, Any], environment: str) -> list[dict[str, Any]]:
    """The databases of an environment; of the top level where it is empty."""
    content = document.get("env", {}).get(environment, {}) if environment else document
    found: list[dict[str, Any]] = content.get("d1_databases", [])
    return found


def apart(document: dict[str, Any], environment: str, binding: str) -> tuple[Any, dict[str, Any] | None]:
    """The configuration without the entry and what is empty, and the entry."""
    entries = listed(document, environment)
    found = next((item for item in entries if item.get("binding") == binding), None)
    if found is not None:
        entries.remove(found)
    return _without_empty(document), found


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        pruned = {key: _without_empty(item) for key, item in value.items()}
        return {key: item for key, item in pruned.items() if item not in ({}, [])}
    return value
