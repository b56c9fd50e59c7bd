"""Counts and digests of rows, to compare a table with its copy. Pure.

A digest does not depend on the order of the rows, which a reader does not promise. It does not depend on the SQLite
that wrote the literals either: versions of SQLite write the same real number with different digits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_REAL: Final = re.compile(r"^-?[0-9]+\.[0-9]+(?:e[-+]?[0-9]+)?$", re.MULTILINE)
_MODULUS: Final = 1 << 256


@dataclass(frozen=True, slots=True)
class TableSummary:
    """The rows of a table.

    Attributes:
        rows: Their number.
        sha256: Hex digest of their number and of the sum of each row's SHA-256.
    """

    rows: int
    sha256: str


@dataclass(slots=True)
class TableDigest:
    """Summarizes rows as they are read.

    Attributes:
        rows: Number of rows so far.
        total: Sum of their SHA-256.
    """

    rows: int = 0
    total: int = 0

    def add(self, rows: Iterable[str]) -> None:
        """Add rows, as `join_sql` writes them."""
        for row in rows:
            text = _REAL.sub(_canonical, row) if "." in row else row
            self.total += int.from_bytes(sha256(text.encode()).digest())
            self.rows += 1

    @property
    def summary(self) -> TableSummary:
        """The rows so far."""
        return TableSummary(self.rows, sha256(f"{self.rows} {self.total % _MODULUS:064x}".encode()).hexdigest())


def _canonical(literal: re.Match[str]) -> str:
    return repr(float(literal[0]))
