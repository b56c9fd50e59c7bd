"""The Worker or Pages project that a wrangler configuration describes. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ConfigError
from pulumi_d1.wrangler.document import Document
from pulumi_d1.wrangler.entry import WORKER_PREVIEWS, is_id, list_keys
from pulumi_d1.wrangler.text import dotted

if TYPE_CHECKING:
    from pulumi_d1.wrangler.entry import WranglerEntry

NOT_INHERITED: Final = frozenset({
    *("agent_memory", "ai", "ai_search", "ai_search_namespaces", "analytics", "analytics_engine_datasets", "artifacts"),
    *("browser", "cloudchamber", "connect", "containers", "define", "dispatch_namespaces", "durable_objects"),
    *("flagship", "hyperdrive", "images", "k2", "kv_namespaces", "media", "mtls_certificates", "pipelines", "queues"),
    *("r2_buckets", "ratelimits", "secrets", "secrets_store_secrets", "send_email", "services", "stream"),
    *("streaming_tail_consumers", "tail_consumers", "unsafe", "unsafe_hello_world", "vars", "vectorize"),
    *("version_metadata", "vpc_networks", "vpc_services", "worker_loaders", "workflows"),
})  # fmt: skip
"""Keys besides d1_databases that wrangler's environments do not inherit from the top level (wrangler 4.164.0)."""

_ACCOUNT: Final = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A value in the file that stands for an id.

    Attributes:
        place: The file and line, `wrangler.toml:12`.
        owner: The entry or key that has the value.
        environment: The wrangler environment; empty for the top level.
        binding: The entry's binding; empty for a key of the file.
    """

    place: str
    owner: str
    value: str
    environment: str = ""
    binding: str = ""

    def __str__(self) -> str:
        """Return the place, the value, and why it matters."""
        return f"{self.place}: {self.owner}: {self.value!r} is not an id"


@dataclass(frozen=True, slots=True)
class Worker:
    """A Worker. Its name and account are empty if the configuration does not have them.

    Attributes:
        environments: The names of the wrangler environments.
        entries: Its databases, those of the top level first, without those of Worker Previews.
        is_pages: True for a Pages project.
        not_inherited: Keys of the top level that an environment would not inherit.
        placeholders: The values that are not ids yet.
    """

    name: str = ""
    account_id: str = ""
    environments: tuple[str, ...] = ()
    entries: tuple[WranglerEntry, ...] = ()
    is_pages: bool = False
    not_inherited: tuple[str, ...] = ()
    placeholders: tuple[Placeholder, ...] = ()


def read_worker(text: str, path: str) -> Worker:
    """Return the Worker of a configuration.

    Args:
        path: The file. Its suffix selects the syntax.

    Raises:
        ConfigError: The text is invalid, its `d1_databases` is not a list of tables, or an entry has no binding.
    """
    document = Document.parse(text, path)
    for entry in document.entries:
        if not entry.binding:
            raise ConfigError(f"an entry of '{entry.table}' has no binding, which wrangler refuses: add one")
    name, account_id = (
        value if isinstance(value := document.content.get(key), str) else "" for key in ("name", "account_id")
    )
    return Worker(
        name,
        account_id if _ACCOUNT.fullmatch(account_id) else "",
        document.environments,
        tuple(entry for entry in document.entries if entry.environment != WORKER_PREVIEWS),
        document.is_pages,
        tuple(key for key in document.content if key in NOT_INHERITED),
        _placeholders(document, account_id),
    )


def _placeholders(document: Document, account_id: str) -> tuple[Placeholder, ...]:
    """Return the values in place of ids, in the order of the entries. A missing or empty id is none."""
    found = []
    if account_id and not _ACCOUNT.fullmatch(account_id):
        found.append(Placeholder(document.line_of(("account_id",)), "account_id", account_id))
    for environment in ("", *document.environments):
        keys = list_keys(environment)
        for index, table in enumerate(document.tables(keys)):
            if (value := table.get("database_id")) and not is_id(value):
                binding = str(table.get("binding"))
                place, owner = document.line_of((*keys, index, "database_id")), f"'{binding}' in '{dotted(keys)}'"
                found.append(Placeholder(place, owner, str(value), environment, binding))
    return tuple(found)
