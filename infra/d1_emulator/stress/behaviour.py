"""How the emulator behaves beyond answering correctly: its limits, its faults, the service's known defects. Pure.

It is said by the options of `d1 emulator` and by the JSON documents of the control endpoint; `read` takes both.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from d1_emulator.api import bodies
from d1_emulator.errors import Malformed
from d1_emulator.ratelimit import API_QUOTA, RESTORE_QUOTA, Quota
from d1_emulator.stress.faults import Fault, Rule, When
from d1_emulator.stress.properties import Properties

if TYPE_CHECKING:
    from collections.abc import Collection

_RETENTION_DAYS: Final = (7, 30)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Everything that can be asked of the emulator; by default it is quick, patient and free of faults.

    Attributes:
        rate_limit: quota of all requests; None for no limit.
        latency_ms: how long every request waits before it takes effect, in milliseconds.
        strict_splitter: whether SQL of queries is cut as the service is reported to cut it: see `api.splitter`.
        max_databases: for each account; None leaves the emulator's own limit.
        retention_days: how far back Time Travel reaches, 7 or 30; None leaves the emulator's own limit.
        restore_limit: quota of restores of one database; None for no limit.
        faults: rules, in the order in which they are tried.
    """

    rate_limit: Quota | None = None
    latency_ms: int = 0
    strict_splitter: bool = False
    max_databases: int | None = None
    retention_days: int | None = None
    restore_limit: Quota | None = None
    faults: tuple[Rule, ...] = ()


def read(document: dict[str, Any], endpoints: Collection[str], base: Behaviour) -> Behaviour:
    """Read a behaviour from JSON. What the document does not name is as in `base`.

    Args:
        document: properties named as the attributes of `Behaviour`.
        endpoints: names that a rule may aim at.
        base: gives the rest.

    Raises:
        Malformed: a property is unknown or has a value that is not allowed.
    """
    given = Properties(document, Behaviour)
    return Behaviour(
        rate_limit=_quota(given, "rate_limit", API_QUOTA, base.rate_limit),
        latency_ms=given.whole("latency_ms", 0, base.latency_ms),
        strict_splitter=given.flag("strict_splitter", default=base.strict_splitter),
        max_databases=given.whole_or_none("max_databases", 0, base.max_databases),
        retention_days=_retention(given, base.retention_days),
        restore_limit=_quota(given, "restore_limit", RESTORE_QUOTA, base.restore_limit),
        faults=_rules(document, endpoints) if "faults" in document else base.faults,
    )


def show(behaviour: Behaviour) -> dict[str, Any]:
    """Write a behaviour as the JSON that `read` takes."""
    return asdict(behaviour)


def _rules(document: dict[str, Any], endpoints: Collection[str]) -> tuple[Rule, ...]:
    items = document["faults"]
    if not isinstance(items, list):
        raise Malformed.at("faults", f"Expected array, received {bodies.kind(items)}")
    return tuple(_rule(Properties(item, Rule, f"faults[{n}]"), endpoints) for n, item in enumerate(items))


def _rule(given: Properties, endpoints: Collection[str]) -> Rule:
    fault = given.choice("fault", list(Fault))
    if fault is None:
        raise Malformed.at(f"{given.where}fault", "Required")
    return Rule(
        fault=Fault(fault),
        when=When(given.choice("when", list(When)) or When.BEFORE),
        endpoint=given.choice("endpoint", sorted(endpoints)),
        contains=given.text("contains", ""),
        nth=given.whole("nth", 1, 1),
        times=given.whole_or_none("times", 1, 1),
        ms=given.whole("ms", 0, 0),
        retry_after=given.whole_or_none("retry_after", 0, None),
    )


def _quota(given: Properties, name: str, usual: Quota, default: Quota | None) -> Quota | None:
    """Read a quota: an object, of which each property may be left out; null for none."""
    if name not in given.values:
        return default
    if given.values[name] is None:
        return None
    quota = Properties(given.values[name], Quota, name)
    return Quota(
        requests=quota.whole("requests", 0, usual.requests),
        seconds=quota.number("seconds", 0, usual.seconds),
        block_seconds=quota.number("block_seconds", 0, usual.block_seconds),
    )


def _retention(given: Properties, default: int | None) -> int | None:
    days = given.whole_or_none("retention_days", 0, default)
    if days not in {None, *_RETENTION_DAYS}:
        raise Malformed.at("retention_days", f"Expected 7 or 30, received {days}")
    return days
