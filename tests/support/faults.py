"""The emulator's control endpoint: set its behaviour, and count the requests of each fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.client import Client


def arrange(client: Client, **behaviour: Any) -> None:
    """Set the emulator's limits and faults."""
    _request(client, "PUT", json=behaviour)


def arranged(client: Client) -> list[dict[str, Any]]:
    """Return the faults in force, each with the number of requests that it has selected."""
    faults: list[dict[str, Any]] = _request(client, "GET").json()["result"]["faults"]
    return faults


def _request(client: Client, method: str, **options: Any) -> httpx.Response:
    url = httpx.URL(client.base_url).join("/emulator/faults")
    headers = {"authorization": f"Bearer {client.token}"}
    return httpx.request(method, url, headers=headers, **options).raise_for_status()
