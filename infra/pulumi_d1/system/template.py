"""The files of templates/, filled in. Nothing is escaped by default; each language has filters for that."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def templates_folder() -> Path:
    """Return the folder of the templates: inside the package of a wheel, at the top of a checkout."""
    installed = Path(__file__).parents[1] / "templates"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "templates"


def render(template: str, filters: dict[str, Callable[..., str]], **values: object) -> str:
    """Return the text of a template.

    Args:
        filters: The template's filters, by name.
        values: The template's variables, by name. A missing one is an error.
    """
    # Slow to import, and most commands render nothing.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(templates_folder()),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - TOML, JSON and Markdown, each with its own filters
    )
    environment.filters.update(filters)
    return environment.get_template(template).render(values)
