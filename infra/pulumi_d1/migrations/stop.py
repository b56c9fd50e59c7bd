"""The place at which a run stops before the last pending file. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


@dataclass(frozen=True, slots=True)
class Stop:
    """The rule by which pending files wait. A file behind one that waits does too, so that the order stays.

    Attributes:
        through: The last file to apply; empty for no limit.
    """

    through: str = ""

    def find(self, names: Sequence[str]) -> tuple[int, str]:
        """Return the number of files that may run, and the reason why those behind them wait.

        Args:
            names: The folder, in order.
        """
        if self.through in names:
            return names.index(self.through) + 1, f"through is {self.through}"
        return len(names), ""

    def check(self, names: Collection[str]) -> None:
        """Refuse a stop that no file has.

        Raises:
            ConfigError: `through` is not in the folder.
        """
        if self.through and self.through not in names:
            raise ConfigError(
                f"through is {self.through}, but there is no such file in the migrations folder: name the last file to "
                "apply, or remove the key to apply all"
            )


NO_STOP: Final = Stop()
