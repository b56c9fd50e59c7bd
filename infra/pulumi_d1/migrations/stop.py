"""The place at which a run stops before the last pending file. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


class StoppableFile(Protocol):
    """A file that may have to wait."""

    @property
    def name(self) -> str:
        """The name in the ledger."""

    @property
    def sha256(self) -> str:
        """The hex digest of the text."""

    @property
    def is_contract(self) -> bool:
        """True if the text is known to have the mark of a contract file."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The rule by which pending files wait. A file behind one that waits does too, so that the order stays.

    Attributes:
        through: The last file to apply; empty for no limit.
        holds_contracts: True if contract files wait until they are released.
        released: The first digits of the SHA-256 of contract files that may run.
        stack: The stack, for messages.
    """

    through: str = ""
    holds_contracts: bool = False
    released: tuple[str, ...] = ()
    stack: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the rule as Pulumi's state keeps it."""
        return {**asdict(self), "released": list(self.released)}

    def find(self, files: Sequence[StoppableFile], applied: Collection[str]) -> tuple[int, str]:
        """Return the number of files in front of the first one that waits, and the reason why that waits.

        On a database without applied files, no code runs yet, so contract files do not wait.

        Args:
            files: The folder, in order.
            applied: The names in the ledger.
        """
        for number, file in enumerate(files):
            if file.name not in applied and applied and self._holds(file):
                command = f"'d1 contract release {file.name} --stack {self.stack}'"
                return number, f"it is a contract file; once the previous code is gone, {command} lets it run"
            if file.name == self.through:
                return number + 1, f"through is {self.through}"
        return len(files), ""

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

    def _holds(self, file: StoppableFile) -> bool:
        return self.holds_contracts and file.is_contract and not file.sha256.startswith(self.released)


NO_STOP: Final = Stop()


def stop_from_json(values: Mapping[str, Any]) -> Stop:
    """Return the rule that `as_json` wrote."""
    return Stop(**{**values, "released": tuple(values["released"])})
