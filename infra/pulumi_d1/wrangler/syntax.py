"""What a language of wrangler configurations has to know, so that one set of rules keeps them all."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Protocol

from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.wrangler.entry import Binding

NAMES = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
"""Where a configuration can be, in the order in which wrangler looks for it in a folder."""


class Syntax(Protocol):
    """A language. The edits take a valid text, and may go wrong: what they return is read again and compared."""

    @property
    def TABLE(self) -> str:  # noqa: N802 - a module's constant
        """What the language calls a value with keys."""

    def parse(self, text: str) -> dict[str, Any]:
        """What `text` says.

        Raises:
            ConfigError: it is not valid.
        """

    def add(self, text: str, entry: Binding) -> str:
        """`text` with `entry` as the last of its list, which may not be there yet."""

    def edit(self, text: str, entry: Binding, index: int, values: Mapping[str, str]) -> str:
        """`text` with `values` in the entry at `index`, in the place of those that are there."""

    def drop(self, text: str, entry: Binding, index: int, key: str) -> str:
        """`text` without `key` in the entry at `index`."""

    def cut(self, text: str, entry: Binding, index: int) -> str:
        """`text` without the entry at `index`, and without what was written to hold it alone."""

    def by_hand(self, entry: Binding) -> str:
        """The entry as lines to paste."""

    def obstacle(self, text: str, entry: Binding) -> str:
        """What keeps `add` from its work; empty where nothing is known."""

    def place(self, text: str, path: Sequence[str | int]) -> str:
        """Where the value of `path` is, in words that go before a message; empty where the language can't tell."""


def syntax_of(name: str) -> Syntax:
    """The language of a file, which its name tells.

    Raises:
        ConfigError: it is none that wrangler reads.
    """
    match PurePath(name).suffix:
        case ".toml":
            from pulumi_d1.wrangler import toml

            return toml
        case ".json" | ".jsonc":
            from pulumi_d1.wrangler import jsonc

            return jsonc
        case _:
            raise ConfigError("is no wrangler configuration: its name must end in .toml, .jsonc or .json")
