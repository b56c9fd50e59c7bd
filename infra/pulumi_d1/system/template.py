"""The files of templates/, filled in.

In HTML, each value is escaped. Elsewhere none is: each language has filters for that.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from pulumi_d1.escaping import escape_line
from pulumi_d1.system.packaged import packaged_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2 import Template

LENGTH: Final = 500
"""Most characters of one value in HTML. A name may have 100,000."""


def render(template: str, filters: dict[str, Callable[..., str]], **values: object) -> str:
    """Return the text of a template.

    Args:
        filters: The template's filters, by name.
        values: The template's variables, by name. A missing one is an error.
    """
    return _template(template, tuple(filters.items()), is_html=False).render(values)


def render_html(template: str, filters: dict[str, Callable[..., str]], **values: object) -> str:
    """Return a page. Each value becomes text of one line, at most LENGTH characters, and never markup.

    Args:
        filters: The template's filters, by name.
        values: The template's variables, by name. A missing one is an error. Only a `Markup` is not escaped.
    """
    return _template(template, tuple(filters.items()), is_html=True).render(values)


@cache
def _template(name: str, filters: tuple[tuple[str, Callable[..., str]], ...], *, is_html: bool) -> Template:
    # Slow to import, and most commands render nothing.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(packaged_folder("templates")),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=is_html,  # noqa: S701 - off for TOML, JSON and Markdown, which have filters of their own
        finalize=_one_line if is_html else None,
    )
    environment.filters.update(filters)
    return environment.get_template(name)


def _one_line(value: object) -> object:
    """Return a value as the page shows it. Numbers, and the text of macros and of the template itself, stay."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    shown = escape_line(value)
    return shown if len(shown) <= LENGTH else f"{shown[: LENGTH - 1]}\N{HORIZONTAL ELLIPSIS}"
