"""The files of templates/, filled in. Nothing is escaped by default; each language has filters for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_d1.system.packaged import packaged_folder

if TYPE_CHECKING:
    from collections.abc import Callable


def render(template: str, filters: dict[str, Callable[..., str]], **values: object) -> str:
    """Return the text of a template.

    Args:
        filters: The template's filters, by name.
        values: The template's variables, by name. A missing one is an error.
    """
    # Slow to import, and most commands render nothing.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(packaged_folder("templates")),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - TOML, JSON and Markdown, each with its own filters
    )
    environment.filters.update(filters)
    return environment.get_template(template).render(values)
