"""The canary is migrated first. After a failure no other database begins, and those that have begun finish."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.cloudflare.account import DatabaseInfo
from pulumi_d1.fleet.result import MemberResult, MemberState
from pulumi_d1.fleet.schedule import Gate, run_members

if TYPE_CHECKING:
    from collections.abc import Callable

MEMBERS = [DatabaseInfo(str(number), f"db-{number:02}", "") for number in range(20)]


def ended(member: DatabaseInfo, state: MemberState) -> MemberResult:
    return MemberResult(member.name, member.id, state)


def migrated(gate: Gate, end: Callable[[DatabaseInfo], MemberState], concurrency: int = 4) -> Counter[MemberState]:
    """Return the number of databases in each state. Those that `end` calls up to date never ask to write."""

    def migrate(member: DatabaseInfo, may_write: Callable[[], bool]) -> MemberResult:
        state = end(member)
        if state is MemberState.UP_TO_DATE or may_write():
            return ended(member, state)
        return ended(member, MemberState.NOT_STARTED)

    return Counter(result.state for result in run_members(MEMBERS, migrate, gate, concurrency))


def test_no_other_database_is_written_to_before_the_canary_is_done() -> None:
    gate, canary, finished = Gate(1, 1), threading.Event(), threading.Event()
    overtook: list[str] = []

    def migrate(member: DatabaseInfo, may_write: Callable[[], bool]) -> MemberResult:
        assert may_write()
        if canary.is_set():
            overtook.extend([] if finished.is_set() else [member.name])
        else:
            canary.set()
            finished.wait(0.2)  # time for the others to overtake it, if they could
            finished.set()
        return ended(member, MemberState.DONE)

    assert len(list(run_members(MEMBERS, migrate, gate, 4))) == len(MEMBERS)
    assert overtook == []


def test_a_canary_that_fails_stops_the_rest() -> None:
    assert migrated(Gate(1, 99), lambda _: MemberState.FAILED) == {MemberState.FAILED: 1, MemberState.NOT_STARTED: 19}


def test_a_database_that_is_up_to_date_is_no_canary() -> None:
    def end(member: DatabaseInfo) -> MemberState:
        return MemberState.FAILED if member is MEMBERS[7] else MemberState.UP_TO_DATE

    assert migrated(Gate(1, 99), end, concurrency=1) == {
        MemberState.UP_TO_DATE: 7,
        MemberState.FAILED: 1,
        MemberState.NOT_STARTED: 12,
    }


@pytest.mark.parametrize(("most", "failed"), [(1, 1), (3, 3), (99, 10)])
def test_the_last_allowed_failure_stops_the_rest(most: int, failed: int) -> None:
    def end(member: DatabaseInfo) -> MemberState:
        return MemberState.DONE if int(member.id) % 2 == 0 else MemberState.FAILED

    counts = migrated(Gate(1, most), end, concurrency=1)
    assert counts[MemberState.FAILED] == failed
    assert counts[MemberState.NOT_STARTED] == (0 if most == 99 else 20 - 2 * most)


def test_no_canary_at_all() -> None:
    assert migrated(Gate(0, 1), lambda _: MemberState.DONE) == {MemberState.DONE: 20}


def test_fewer_databases_with_pending_files_than_canaries() -> None:
    def end(member: DatabaseInfo) -> MemberState:
        return MemberState.DONE if member is MEMBERS[3] else MemberState.UP_TO_DATE

    assert migrated(Gate(5, 1), end) == {MemberState.DONE: 1, MemberState.UP_TO_DATE: 19}


def test_after_a_signal_the_databases_that_have_begun_finish() -> None:
    gate = Gate(1, 1)

    def end(member: DatabaseInfo) -> MemberState:
        if member is MEMBERS[5]:
            gate.stop()
        return MemberState.UP_TO_DATE

    assert migrated(gate, end, concurrency=1) == {MemberState.UP_TO_DATE: 6, MemberState.NOT_STARTED: 14}


def test_after_a_defect_in_the_canary_no_database_waits_for_it() -> None:
    def migrate(_: DatabaseInfo, may_write: Callable[[], bool]) -> MemberResult:
        may_write()
        raise AssertionError("a defect")

    with pytest.raises(AssertionError, match="a defect"):
        list(run_members(MEMBERS, migrate, Gate(1, 1), 4))
