"""YAML of the user's files. Whatever PyYAML raises for a text becomes one of our errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import yaml

from pulumi_d1.errors import ConfigError
from pulumi_d1.escaping import escape_line

if TYPE_CHECKING:
    from yaml.nodes import Node

MOST_ALIASES: Final = 30
"""Aliases in one file. Each level of aliases multiplies the size: a bomb needs some hundred."""

_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

DEEPEST: Final = 100
"""Nesting of values. Pulumi's configuration has less than 10 levels."""


def parse_yaml(text: str) -> Any:
    """Return the value of a YAML document. Dates stay texts, as in Pulumi's configuration.

    Raises:
        ConfigError: The text is not valid YAML, or would be too large or too deep.
    """
    try:
        value = yaml.load(text, _Loader)  # noqa: S506 - a subclass of SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f" (at line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise ConfigError(f"is not valid YAML: {_shown(error.problem or error.context or 'unknown')}{place}") from None
    except yaml.YAMLError:
        raise ConfigError("is not valid YAML: it has a character that YAML does not allow") from None
    except RecursionError:
        raise ConfigError("is nested too deeply to be read") from None
    except (ValueError, KeyError, AttributeError, TypeError, OverflowError):  # !!int x, !!bool x, !!timestamp x
        raise ConfigError("is not valid YAML: a value does not have the form of its type") from None
    _check(value, (), set())
    return value


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers = {  # noqa: RUF012 - as in the base class
        first: [item for item in resolvers if item[0] != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    _aliases = 0

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        """Count aliases."""
        if self.check_event(yaml.AliasEvent):
            self._aliases += 1
            if self._aliases > MOST_ALIASES:
                raise ConfigError(f"has more than {MOST_ALIASES} aliases (*name): write the values out")
        return super().compose_node(parent, index)


def _check(value: Any, around: tuple[Any, ...], checked: set[int]) -> None:
    """Refuse what nothing could print or store: values that contain themselves, and control characters.

    Args:
        around: The values that contain this one.
        checked: The lists and mappings that were checked before: aliases make one appear several times.
    """
    if len(around) > DEEPEST or any(value is item for item in around):
        raise ConfigError("is nested too deeply to be read")
    if isinstance(value, dict | list | tuple):
        if id(value) not in checked:
            for item in (*value.keys(), *value.values()) if isinstance(value, dict) else value:
                _check(item, (*around, value), checked)
            checked.add(id(value))
    elif isinstance(value, str):
        if found := _UNPRINTABLE.search(value):
            raise ConfigError(f"has the character U+{ord(found[0]):04X} in a value, which cannot be printed: remove it")
    elif not isinstance(value, int | float | None):
        kind = type(value).__name__
        raise ConfigError(f"has a value of the type {kind}, which Pulumi does not have: write it as text")


def _shown(text: str) -> str:
    return escape_line(text[:200])
