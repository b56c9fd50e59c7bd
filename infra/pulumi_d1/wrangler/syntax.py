"""The interface that each syntax of a wrangler configuration implements."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Protocol

from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.wrangler.entry import WranglerEntry

NAMES = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
"""The names of a configuration, in the order in which wrangler looks for them in a folder."""


class Syntax(Protocol):
    """A syntax. The edits take a valid text and may return a wrong one: callers parse and compare the result."""

    @property
    def TABLE(self) -> str:  # noqa: N802 - a module's constant
        """The syntax's noun for a value with keys, with its article."""

    def parse(self, text: str) -> dict[str, Any]:
        """Parse a whole text.

        Raises:
            ConfigError: The text is invalid.
        """

    def add(self, text: str, entry: WranglerEntry) -> str:
        """Return `text` with `entry` added to its list, which need not exist yet."""

    def update(self, text: str, entry: WranglerEntry, index: int, values: Mapping[str, str]) -> str:
        """Return `text` with `values` set in the entry at `index`."""

    def remove_key(self, text: str, entry: WranglerEntry, index: int, key: str) -> str:
        """Return `text` without `key` in the entry at `index`."""

    def remove(self, text: str, entry: WranglerEntry, index: int) -> str:
        """Return `text` without the entry at `index`, and without what was written only to hold it."""

    def to_paste(self, entry: WranglerEntry) -> str:
        """Return the end of the sentence "To write it by hand, paste the entry …", with the entry."""

    def obstacle(self, text: str, entry: WranglerEntry) -> str:
        """Return the reason why `add` fails; empty if it is not known."""

    def place(self, text: str, keys: Sequence[str | int]) -> str:
        """Return the position of a value as the start of a message; empty if the text has no such value."""


def syntax_of(path: str) -> Syntax:
    """Return the syntax that the suffix of `path` selects.

    Raises:
        ConfigError: wrangler reads no file with this suffix.
    """
    match PurePath(path).suffix:
        case ".toml":
            from pulumi_d1.wrangler import toml

            return toml
        case ".json" | ".jsonc":
            from pulumi_d1.wrangler import jsonc

            return jsonc
        case _:
            raise ConfigError("is not a wrangler configuration: its name must end in .toml, .jsonc or .json")
