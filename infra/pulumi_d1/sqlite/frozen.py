"""A database in memory whose clock and whose random numbers are fixed, and which counts their use.

Two of them that differ in both show which rows depend on the moment of a run: those that differ.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Final

import apsw

from pulumi_d1.sqlite.sandbox import apply_rules

_JULIAN_1970: Final = 2440587.5
_DAY_MS: Final = 86_400_000
_MOMENTS: Final = (
    datetime(2001, 2, 3, 4, 5, 6, 789_000, tzinfo=UTC),
    datetime(2089, 11, 12, 13, 14, 15, 161_000, tzinfo=UTC),
)
"""Two times that differ in each part. The years to which statements compare the clock lie between them."""

_NAMES: Final = count()


@dataclass(slots=True)
class FrozenDatabase:
    """An open database at one of two moments.

    Attributes:
        uses: Number of times that statements have read the clock or a random number.
    """

    second: bool
    uses: int = 0
    connection: apsw.Connection = field(init=False)
    _clock: _Clock = field(init=False)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Open it under D1's rules."""
        self._random = random.Random(0)  # noqa: S311 - the same numbers each time are the purpose
        self._clock = _Clock(self)
        self.connection = apsw.Connection(":memory:", vfs=self._clock.name)
        apply_rules(self.connection)
        add = self.connection.create_scalar_function
        add("random", self._number, 0, flags=apsw.SQLITE_INNOCUOUS)
        add("randomblob", self._blob, 1, flags=apsw.SQLITE_INNOCUOUS)

    def milliseconds(self) -> int:
        """Return the time in milliseconds of the Julian calendar, as SQLite counts them."""
        self.uses += 1
        return int(_JULIAN_1970 * _DAY_MS) + round(_MOMENTS[self.second].timestamp() * 1000)

    def _number(self, *_arguments: object) -> int:
        return int.from_bytes(self._bytes(8), signed=True)

    def _blob(self, *arguments: object) -> bytes:
        [size] = arguments
        return self._bytes(max(1, int(size)) if isinstance(size, int | float) else 1)

    def _bytes(self, size: int) -> bytes:
        self.uses += 1
        number = self._random.randbytes(size)
        # The second moment has the complement, so that a number's sign and parity differ, too.
        return bytes(byte ^ 0xFF for byte in number) if self.second else number


class _Clock(apsw.VFS):
    """Reads files as the default VFS does, and the time of a database."""

    def __init__(self, database: FrozenDatabase) -> None:
        self.name = f"frozen-{next(_NAMES)}"
        self._database = database
        super().__init__(self.name, base="")

    def xCurrentTimeInt64(self) -> int:  # noqa: N802 - APSW's name
        """Return the time of the database."""
        return self._database.milliseconds()
