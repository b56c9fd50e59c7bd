"""By which id wrangler knows a binding's local database. Pure."""

from __future__ import annotations

from pulumi_d1.wrangler.document import Document
from pulumi_d1.wrangler.entry import path_of
from pulumi_d1.wrangler.syntax import syntax_of


def local_id(text: str, environment: str, binding: str, name: str) -> str | None:
    """The id; None where the configuration has no such binding, and wrangler no local database for it.

    Args:
        text: the configuration.
        environment: wrangler environment; empty for the top level.
        binding: variable in the Worker.
        name: the file's, which tells its language.

    Raises:
        ConfigError: the text is not valid, or the list is none.
    """
    entries = Document.of(text, syntax_of(name)).entries(path_of(environment))
    entry = next((item for item in entries if item.get("binding") == binding), None)
    if entry is None:
        return None
    # Wrangler's order: a preview id counts locally also where nobody asked for the preview, and an empty one too.
    return str(entry.get("preview_database_id", entry.get("database_id", binding)))
