"""Fills the files of templates/. Nothing is escaped on the way: what a language needs, its own filter does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def folder() -> Path:
    """The templates: inside of the package where a wheel was installed, beside it in a checkout."""
    installed = Path(__file__).parents[1] / "templates"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "templates"


def render(template: str, filters: dict[str, Callable[..., str]], **values: object) -> str:
    """The text of a template.

    Args:
        template: name of the file in templates/.
        filters: what the template calls, by name.
        values: what it shows, by name; a name that is missing is an error.
    """
    from jinja2 import (
        Environment,
        FileSystemLoader,
        StrictUndefined,
    )  # slow to import, and most commands render nothing

    environment = Environment(
        loader=FileSystemLoader(folder()),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - TOML, JSON and Markdown, each with filters of its own
    )
    environment.filters.update(filters)
    return environment.get_template(template).render(values)
