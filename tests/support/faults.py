"""The emulator's control endpoint: what it does on purpose, and what it has seen of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.client import Client


def arrange(client: Client, **behaviour: Any) -> None:
    """Sets what the emulator does on purpose."""
    _ask(client, "PUT", json=behaviour)


def arranged(client: Client) -> list[dict[str, Any]]:
    """The faults in force, and how many requests each has seen."""
    found: list[dict[str, Any]] = _ask(client, "GET").json()["result"]["faults"]
    return found


def _ask(client: Client, method: str, **options: Any) -> httpx.Response:
    url = httpx.URL(client.base_url).join("/emulator/faults")
    headers = {"authorization": f"Bearer {client.token}"}
    return httpx.request(method, url, headers=headers, **options).raise_for_status()
