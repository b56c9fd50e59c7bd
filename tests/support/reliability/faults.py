"""The faults of the matrix: the ways in which the network or Cloudflare can lose a write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.reliability.cells import Cell, Kind, Place, Rule
from tests.support.reliability.impatient.sitecustomize import REQUEST_SECONDS, SPEED

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALL_KINDS = tuple(Kind)
_IMPORTS = (Kind.IMPORT,)
_TOO_LONG = REQUEST_SECONDS * 1000 + 800
_AFTER_THE_LAST_READ = _TOO_LONG + 30_000 // SPEED + 3000
_POLL = "00000001-00000000-00004e00-" + "0" * 32
"""The bookmark that clients poll with if the emulator reports an import as active that is not."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the matrix.

    Attributes:
        text: The row's first cell.
        rules: The emulator's fault rules, without the selection of a request.
        kinds: The kinds of requests that it can hit.
        polls: The fault of every later poll of the import; None for none.
    """

    text: str
    rules: tuple[Rule, ...]
    kinds: tuple[Kind, ...] = _ALL_KINDS
    polls: str | None = None

    def at(self, cell: Cell) -> list[Rule]:
        """Return the rules, with the selection of the cell's write."""
        rules = [{**cell.write, **rule} for rule in self.rules]
        if self.polls:
            rules.append({"fault": self.polls, "endpoint": "import", "contains": _POLL, "times": None})
        return rules


def _one(text: str, fault: str, kinds: tuple[Kind, ...] = _ALL_KINDS, **details: Any) -> Fault:
    return Fault(text, ({"fault": fault, **details},), kinds)


def _lost(text: str, fault: str) -> tuple[Fault, Fault]:
    return _one(f"{text}, before the write", fault), _one(f"{text}, after the write", fault, when="after")


FAULTS = (
    _one("no response in time; the write runs shortly afterwards", "latency", ms=_TOO_LONG),
    _one("no response in time; the write runs after the run has ended", "latency", ms=_AFTER_THE_LAST_READ),
    Fault("no response in time; the write never runs", ({"fault": "latency", "ms": _TOO_LONG}, {"fault": "drop"})),
    _one("no response in time; the write has run", "latency", ms=_TOO_LONG, when="after"),
    *_lost("the connection drops", "drop"),
    _one("429 with `Retry-After`", "rate-limited", retry_after=SPEED),
    _one("429 without `Retry-After`", "rate-limited"),
    *_lost("500", "error"),
    *_lost("502 with a page of HTML", "bad-gateway"),
    _one("200 with truncated JSON, after the write", "invalid-json", when="after"),
    *_lost("200 with `success: false`", "failure"),
    Fault(
        "the import is reported as active until the end; it never ran",
        ({"fault": "import-active"},),
        _IMPORTS,
        "import-active",
    ),
    Fault(
        "the import is reported as active until the end; it has ended",
        ({"fault": "import-active", "when": "after"},),
        _IMPORTS,
        "import-active",
    ),
    _one("the import is reported as failed; it never ran", "import-error", _IMPORTS),
    _one("the import is reported as failed; it has ended", "import-error", _IMPORTS, when="after"),
)
"""The faults in the order of the table."""


def matrix() -> Mapping[Cell, Fault]:
    """Return a cell for every fault, at every place of every kind of request that it can hit."""
    hits = [(fault, kind, place) for fault in FAULTS for kind in fault.kinds for place in Place]
    return {Cell(f"c{number:03}", kind, place): fault for number, (fault, kind, place) in enumerate(hits)}
