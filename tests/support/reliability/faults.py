"""The faults of the matrix: what the network, or Cloudflare, does to the struck write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.reliability.cells import Cell, Kind, Place, Rule
from tests.support.reliability.impatient.sitecustomize import REQUEST_SECONDS, SPEED

if TYPE_CHECKING:
    from collections.abc import Mapping

_EVERY = tuple(Kind)
_IMPORTS = (Kind.IMPORT,)
_TOO_LONG = REQUEST_SECONDS * 1000 + 800
_AFTER_THE_LAST_LOOK = _TOO_LONG + 30_000 // SPEED + 3000
_POLL = "00000001-00000000-00004e00-" + "0" * 32
"""Bookmark of an import that the emulator says is running when it is not: clients poll with it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the matrix.

    Attributes:
        text: what happens.
        rules: the emulator's, without the aim.
        kinds: which requests can meet with it.
        polls: answer to every later question about the struck import; None leaves them alone.
    """

    text: str
    rules: tuple[Rule, ...]
    kinds: tuple[Kind, ...] = _EVERY
    polls: str | None = None

    def at(self, cell: Cell) -> list[Rule]:
        """The rules, aimed at the cell's write."""
        aimed = [{**cell.write, **rule} for rule in self.rules]
        if self.polls:
            aimed.append({"fault": self.polls, "endpoint": "import", "contains": _POLL, "times": None})
        return aimed


def _one(text: str, fault: str, kinds: tuple[Kind, ...] = _EVERY, **details: Any) -> Fault:
    return Fault(text, ({"fault": fault, **details},), kinds)


def _lost(text: str, fault: str) -> tuple[Fault, Fault]:
    return _one(f"{text}, before the write", fault), _one(f"{text}, after it", fault, when="after")


FAULTS = (
    _one("no answer in time; the write runs a little later", "latency", ms=_TOO_LONG),
    _one("no answer in time; the write runs after the run has ended", "latency", ms=_AFTER_THE_LAST_LOOK),
    Fault("no answer in time; the write never runs", ({"fault": "latency", "ms": _TOO_LONG}, {"fault": "drop"})),
    _one("no answer in time; the write has run", "latency", ms=_TOO_LONG, when="after"),
    *_lost("the connection drops", "drop"),
    _one("429 with `Retry-After`", "rate-limited", retry_after=SPEED),
    _one("429 without", "rate-limited"),
    *_lost("500", "error"),
    *_lost("502 with a page of HTML", "bad-gateway"),
    _one("200 with JSON that breaks off, after the write", "invalid-json", when="after"),
    *_lost("200 with `success: false`", "failure"),
    Fault("the import is said to run for ever; it never ran", ({"fault": "import-active"},), _IMPORTS, "import-active"),
    Fault(
        "the import is said to run for ever; it has ended",
        ({"fault": "import-active", "when": "after"},),
        _IMPORTS,
        "import-active",
    ),
    _one("the import is said to have failed; it never ran", "import-error", _IMPORTS),
    _one("the import is said to have failed; it has ended", "import-error", _IMPORTS, when="after"),
)
"""What goes wrong, in the order of the table."""


def matrix() -> Mapping[Cell, Fault]:
    """Every fault at every place of every kind of request that can meet with it."""
    met = [(fault, kind, place) for fault in FAULTS for kind in fault.kinds for place in Place]
    return {Cell(f"c{number:03}", kind, place): fault for number, (fault, kind, place) in enumerate(met)}
