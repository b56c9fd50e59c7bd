"""The faults of the matrix: the ways in which the network or Cloudflare can lose a write."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tests.support.reliability.cells import Cell, Kind, Place, Rule
from tests.support.reliability.impatient.sitecustomize import REQUEST_SECONDS, SPEED

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALL_KINDS = tuple(Kind)
_IMPORTS = (Kind.IMPORT, Kind.STATEMENTS)
_TOO_LONG = REQUEST_SECONDS * 1000 + 800
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
        places: The positions of the request that it hits.
        late: Whether the response is lost to a timeout, and the write runs later or never.
        seconds: How long after the client has stopped waiting it runs; None for never.
    """

    text: str
    rules: tuple[Rule, ...]
    kinds: tuple[Kind, ...] = _ALL_KINDS
    polls: str | None = None
    places: tuple[Place, ...] = tuple(Place)
    late: bool = False
    seconds: float | None = None

    def at(self, cell: Cell) -> list[Rule]:
        """Return the rules, with the selection of the cell's write."""
        rules = [{**cell.write, **rule} for rule in self.rules]
        if self.polls:
            rules.append({"fault": self.polls, "endpoint": "import", "contains": _POLL, "times": None})
        return rules


def _one(text: str, fault: str, kinds: tuple[Kind, ...] = _ALL_KINDS, **details: Any) -> Fault:
    return Fault(text, ({"fault": fault, **details},), kinds)


def _lost(text: str, fault: str, **details: Any) -> tuple[Fault, Fault]:
    before, after = f"{text}, before the write", f"{text}, after the write"
    return _one(before, fault, **details), _one(after, fault, when="after", **details)


def _late(seconds: int, reading_seconds: int = 0) -> Fault:
    """Return the fault of a late write.

    Args:
        reading_seconds: Time for the reads of the ledger on a busy machine, which the shorter pauses do not include.
    """
    rule = {"fault": "latency", "ms": round((REQUEST_SECONDS + seconds / SPEED + reading_seconds) * 1000)}
    return Fault(f"no response in time; the write runs {seconds} s later", (rule,), late=True, seconds=seconds)


_MORE = (
    *(
        fault
        for status in (403, 404, 408, 499)
        for fault in _lost(f"{status} without Cloudflare's envelope", "bad-gateway", status=status)
    ),
    *_lost("200 with one byte every half second", "slow"),
    *_lost("200 with 128 MB in less than one", "bomb"),
    *_lost("200 with 100,000 lists inside one another", "nested-json"),
)
FAULTS = (
    _late(4),
    _late(40, reading_seconds=5),
    Fault(
        "no response in time; the write never runs",
        ({"fault": "latency", "ms": _TOO_LONG}, {"fault": "drop"}),
        late=True,
    ),
    Fault(
        "no response in time; the write has run",
        ({"fault": "latency", "ms": _TOO_LONG, "when": "after"},),
        late=True,
        seconds=0,
    ),
    *_lost("the connection drops", "drop"),
    _one("429 with `Retry-After`", "rate-limited", retry_after=SPEED),
    _one("429 without `Retry-After`", "rate-limited"),
    *_lost("500", "error"),
    *_lost("502 with a page of HTML", "bad-gateway"),
    _one("200 with truncated JSON, after the write", "invalid-json", when="after"),
    *_lost("200 with `success: false`", "failure"),
    *(replace(fault, places=(Place.MIDDLE,)) for fault in _MORE),
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
    """Return a cell for every fault, at its places of every kind of request that it can hit.

    An import that runs statement by statement is hit at one place: it takes an emulator and a stack of its own. A file
    in batches is, too: it needs a table.
    """
    hits = [
        (fault, kind, place)
        for fault in FAULTS
        for kind in fault.kinds
        for place in (fault.places if kind not in {Kind.STATEMENTS, Kind.BATCHES} else (Place.MIDDLE,))
    ]
    return {Cell(f"c{number:03}", kind, place): fault for number, (fault, kind, place) in enumerate(hits)}
