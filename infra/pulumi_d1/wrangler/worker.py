"""The Worker that a wrangler configuration describes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError
from pulumi_d1.wrangler.document import Document

if TYPE_CHECKING:
    from pulumi_d1.wrangler.entry import WranglerEntry


@dataclass(frozen=True, slots=True)
class Worker:
    """A Worker. Its name and account are empty if the configuration does not have them.

    Attributes:
        entries: Its databases, those of the top level first.
    """

    name: str = ""
    account_id: str = ""
    environments: tuple[str, ...] = ()
    entries: tuple[WranglerEntry, ...] = ()


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
    return Worker(name, account_id, document.environments, document.entries)
