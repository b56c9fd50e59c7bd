"""The emulator's behaviour beside correct answers: limits, faults, and the service's known defects. Pure.

The options of `d1 emulator` and the control endpoint both set it; `read_behaviour` reads the JSON of both.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from d1_emulator.faults.rules import FaultKind, FaultRule, When
from d1_emulator.ratelimit import API_QUOTA, RESTORE_QUOTA, Quota

if TYPE_CHECKING:
    from collections.abc import Collection

    from _typeshed import DataclassInstance

    from d1_emulator.api.json_object import JsonObject

_RETENTION_DAYS: Final = (7, 30)


class ImportKind(StrEnum):
    """The ways to run an import. What the service does is not known: see docs/emulator.md."""

    TRANSACTION = "transaction"
    """One transaction."""
    STATEMENTS = "statements"
    """A commit after each statement. Time Travel restores the database if one fails."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Limits and faults; by default the emulator has none of its own.

    Attributes:
        rate_limit: The quota of all requests; None for no limit.
        latency_ms: How long every request waits before it takes effect, in milliseconds.
        strict_splitter: True to split the SQL of queries with the service's reported defects: see `api.splitter`.
        max_databases: The databases of each account; None for the emulator's limit.
        retention_days: How far back Time Travel reaches, 7 or 30; None for the emulator's limit.
        restore_limit: The quota of restores of one database; None for no limit.
        query_seconds: The longest time for the SQL of one request; None for the emulator's limit.
        max_database_mb: The largest size of a database, in millions of bytes; None for the emulator's limit.
        imports: How an import runs.
        imports_die_ms: None, or imports by statement die after half of their statements, and Time Travel undoes them so
            many milliseconds later.
        null_replication: True to show the read replication as null while it is disabled.
        faults: The rules, in the order in which they are tried.
    """

    rate_limit: Quota | None = None
    latency_ms: int = 0
    strict_splitter: bool = False
    max_databases: int | None = None
    retention_days: int | None = None
    restore_limit: Quota | None = None
    query_seconds: float | None = None
    max_database_mb: int | None = None
    imports: ImportKind = ImportKind.TRANSACTION
    imports_die_ms: int | None = None
    null_replication: bool = False
    faults: tuple[FaultRule, ...] = ()


def read_behaviour(given: JsonObject, endpoints: Collection[str], base: Behaviour) -> Behaviour:
    """Read a behaviour from JSON, with the attributes of `Behaviour` as properties.

    Args:
        endpoints: The names that a rule may use.
        base: The values of the properties that are left out.

    Raises:
        Malformed: A property is unknown, or its value is not allowed.
    """
    _refuse_unknown(given, Behaviour)
    return Behaviour(
        rate_limit=_quota(given, "rate_limit", API_QUOTA, base.rate_limit),
        latency_ms=given.whole("latency_ms", 0, base.latency_ms),
        strict_splitter=given.flag("strict_splitter", default=base.strict_splitter),
        max_databases=given.whole_or_none("max_databases", 0, base.max_databases),
        retention_days=_retention(given, base.retention_days),
        restore_limit=_quota(given, "restore_limit", RESTORE_QUOTA, base.restore_limit),
        query_seconds=given.number_or_none("query_seconds", 0, base.query_seconds),
        max_database_mb=given.whole_or_none("max_database_mb", 0, base.max_database_mb),
        imports=ImportKind(given.optional_choice("imports", _words(ImportKind)) or base.imports),
        imports_die_ms=given.whole_or_none("imports_die_ms", 0, base.imports_die_ms),
        null_replication=given.flag("null_replication", default=base.null_replication),
        faults=tuple(_rule(item, endpoints) for item in given.children("faults"))
        if "faults" in given.values
        else base.faults,
    )


def behaviour_json(behaviour: Behaviour) -> dict[str, Any]:
    """Return a behaviour as the JSON that `read_behaviour` reads."""
    return asdict(behaviour)


def _rule(given: JsonObject, endpoints: Collection[str]) -> FaultRule:
    _refuse_unknown(given, FaultRule)
    return FaultRule(
        fault=FaultKind(given.choice("fault", _words(FaultKind))),
        when=When(given.optional_choice("when", _words(When)) or When.BEFORE),
        endpoint=None if given.values.get("endpoint") is None else given.choice("endpoint", sorted(endpoints)),
        contains=given.text("contains", ""),
        nth=given.whole("nth", 1, 1),
        times=given.whole_or_none("times", 1, 1),
        ms=given.whole("ms", 0, 0),
        retry_after=given.whole_or_none("retry_after", 0, None),
        status=given.whole("status", 400, 502),
    )


def _words(choices: type[FaultKind | ImportKind | When]) -> list[str]:
    return [str(choice) for choice in choices]


def _quota(given: JsonObject, name: str, usual: Quota, default: Quota | None) -> Quota | None:
    """Read a quota: an object whose properties may be left out, or null for none."""
    if name not in given.values:
        return default
    if given.values[name] is None:
        return None
    quota = given.child(name)
    _refuse_unknown(quota, Quota)
    return Quota(
        requests=quota.whole("requests", 0, usual.requests),
        seconds=quota.number("seconds", 0, usual.seconds),
        block_seconds=quota.number("block_seconds", 0, usual.block_seconds),
    )


def _retention(given: JsonObject, default: int | None) -> int | None:
    days = given.whole_or_none("retention_days", 0, default)
    if days not in {None, *_RETENTION_DAYS}:
        raise given.problem("retention_days", f"Expected 7 or 30, received {days}")
    return days


def _refuse_unknown(given: JsonObject, of: type[DataclassInstance]) -> None:
    given.refuse_unknown(field.name for field in fields(of))
