"""Random runs: whatever the folder, the network and others do, ledger, rows and schema are those of a model."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from d1_emulator.server import DEFAULT_ACCOUNT_ID, DEFAULT_TOKEN, serving
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import Client, make_client
from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.errors import ApiError, MigrationFailed, PlanRefused
from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.review.review import look
from pulumi_d1.migrations.run.recovery import OnFailure
from pulumi_d1.migrations.run.runner import Report, applied, apply
from tests.support.reliability.folder import SEED, Flaw, Folder, State, Way, runnable
from tests.support.runner import TARGET, arrange

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Fault = dict[str, Any]

EXAMPLES = 500
STEPS = 6

PATIENCE = Retry(sleep=lambda _: None)
NAMES = count()
SCHEMA = "SELECT name FROM sqlite_master WHERE name GLOB 'made_*' OR name GLOB 'trigger_*' OR name = 'd1_migrations'"
LOG = "SELECT number || '.' || edition AS name FROM log ORDER BY rowid"

WAYS = st.lists(st.sampled_from(Way), min_size=2, max_size=4)
FLAWS = st.sampled_from([Flaw.FORBIDDEN, Flaw.NONE, Flaw.FORBIDDEN, Flaw.NONE, Flaw.SYNTAX])
LINES = st.integers(1, 4)
BEFORE_OR_AFTER = st.sampled_from(["before", "after"])
ANSWERS = st.sampled_from(["error", "bad-gateway", "drop", "invalid-json", "failure", "rate-limited"])
AIMS = st.sampled_from(
    [
        {"endpoint": "query", "contains": "INTO log"},
        {"endpoint": "query", "contains": "SELECT"},
        {"endpoint": "import"},
        {"endpoint": "bookmark"},
        {"endpoint": "restore"},
    ]
)
FAULTS = st.one_of(
    st.builds(
        lambda aim, fault, when, nth: {**aim, "fault": fault, "when": when, "nth": nth},
        AIMS,
        ANSWERS,
        BEFORE_OR_AFTER,
        st.integers(1, 3),
    ),
    st.builds(
        lambda fault, when, nth: {"endpoint": "import", "fault": fault, "when": when, "nth": nth},
        st.sampled_from(["import-error", "import-active"]),
        BEFORE_OR_AFTER,
        st.integers(1, 3),
    ),
)


class RandomRuns(RuleBasedStateMachine):
    """A folder, a database, and what is known of it."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.account = Account(client, DEFAULT_ACCOUNT_ID, PATIENCE)
        self.database = self.account.create(f"random-{next(NAMES)}")
        self.database.write(SEED)
        self.folder = Folder()
        self.state = State()
        self.checkpoints = [(self.database.bookmark(), self.state)]

    def teardown(self) -> None:
        self.account.delete(self.database.database_id)

    @initialize(ways=WAYS, last=FLAWS)
    def begin(self, ways: list[Way], last: Flaw) -> None:
        self.add(ways, last)

    @rule(ways=WAYS, last=FLAWS)
    def add(self, ways: list[Way], last: Flaw) -> None:
        for way in ways:
            self.folder.add(way)
        self.folder.change(self.folder.files[-1], last)

    @precondition(lambda self: self.state.applied)
    @rule(number=st.integers(0, 99))
    def edit_an_applied_file(self, number: int) -> None:
        applied_files = self.state.applied
        self.folder.change(self.folder.now(applied_files[number % len(applied_files)]), Flaw.NONE)

    @precondition(lambda self: self.state.pending(self.folder))
    @rule(number=st.integers(0, 99), flaw=FLAWS)
    def break_a_pending_file(self, number: int, flaw: Flaw) -> None:
        pending = self.state.pending(self.folder)
        self.folder.change(pending[number % len(pending)], flaw)

    @precondition(lambda self: any(file.flaw for file in self.state.pending(self.folder)))
    @rule()
    def mend_all_files(self) -> None:
        for file in self.state.pending(self.folder):
            if file.flaw:
                self.folder.change(file, Flaw.NONE)

    @rule(on_failure=st.sampled_from(OnFailure))
    def run(self, on_failure: OnFailure) -> None:
        pending = self.state.pending(self.folder)
        good = runnable(pending, Flaw.FORBIDDEN)
        names = tuple(file.name for file in good)
        ended = self._run(on_failure)
        if Flaw.SYNTAX in {file.flaw for file in pending}:
            assert isinstance(ended, PlanRefused)
        elif good == pending:
            assert isinstance(ended, Report)
            assert ended.ran == names
            self.state = self.state.after(good)
        else:
            assert isinstance(ended, MigrationFailed)
            assert ended.failed == pending[len(good)].name
            restored = on_failure is OnFailure.RESTORE
            assert ended.applied == (() if restored else names)
            self.state = self.state if restored else self.state.after(good)
        self._compare()

    @rule(on_failure=st.sampled_from(OnFailure), fault=FAULTS)
    def run_while_something_is_lost(self, on_failure: OnFailure, fault: Fault) -> None:
        self._run_with_surprises(on_failure, [fault], None)

    @rule(on_failure=st.sampled_from(OnFailure), line=LINES, by_wrangler=st.booleans())
    def run_while_someone_else_does(self, on_failure: OnFailure, line: int, *, by_wrangler: bool) -> None:
        self._run_with_surprises(on_failure, [], self._interruption(line, by_wrangler=by_wrangler))

    @rule(on_failure=st.sampled_from(OnFailure), fault=FAULTS, line=LINES, by_wrangler=st.booleans())
    def run_while_both_happen(self, on_failure: OnFailure, fault: Fault, line: int, *, by_wrangler: bool) -> None:
        self._run_with_surprises(on_failure, [fault], self._interruption(line, by_wrangler=by_wrangler))

    @rule()
    def wrangler_runs(self) -> None:
        good = runnable(self.state.pending(self.folder), Flaw.SYNTAX, Flaw.FORBIDDEN)
        self._run_wrangler()
        self.state = self.state.after(good)
        self._compare()

    @rule(number=st.integers(0, 99))
    def someone_goes_back(self, number: int) -> None:
        bookmark, self.state = self.checkpoints[number % len(self.checkpoints)]
        self.database.restore(bookmark)
        self._compare()

    def _compare(self) -> None:
        """Holds the database against the model, and keeps a bookmark of it."""
        schema = {row["name"] for row in self.database.read(SCHEMA)}
        names = self.database.read(ledger.select(TARGET.table)) if TARGET.table in schema else ()
        assert {
            "ledger": [row["name"] for row in names],
            "log": [row["name"] for row in self.database.read(LOG)],
            "schema": sorted(schema - {TARGET.table}),
        } == self.state.traces
        self.checkpoints.append((self.database.bookmark(), self.state))

    def _interruption(self, line: int, *, by_wrangler: bool) -> Interruption:
        return Interruption(line, self._run_wrangler if by_wrangler else self._run, self._names)

    def _names(self) -> tuple[str, ...]:
        return applied(self.database, TARGET.table)

    def _run_with_surprises(self, on_failure: OnFailure, faults: list[Fault], other: Interruption | None) -> None:
        """A run of which only this is known: it applies the files in order, and none that can't be applied."""
        before, pending = self.state, self.state.pending(self.folder)
        reachable = runnable(pending, Flaw.SYNTAX, Flaw.FORBIDDEN)
        arrange(self.database, faults=faults)
        ended = self._run(on_failure, other.hear if other else lambda _: None)
        arrange(self.database)
        names = self._names()
        assert other is None or other.added <= {*names}, "a restore takes nothing of anyone else's"
        self.state = before.after(reachable[: len(names) - len(before.applied)])
        assert names == tuple(file.name for file in self.state.applied)
        if isinstance(ended, Report):
            assert reachable == pending
            assert sorted([*ended.ran, *ended.found]) == [file.name for file in pending]
            assert ended.ledger == names
        self._compare()

    def _run(
        self, on_failure: OnFailure = OnFailure.STOP, say: Callable[[str], None] = lambda _: None
    ) -> Report | PlanRefused | MigrationFailed | ApiError:
        """How a run of ours ends."""
        recorded = {file.name: file.migration.sha256 for file in self.state.applied}
        try:
            reviewed = look(self.database, self.folder.migrations, TARGET.table, recorded)
            return apply(self.database, reviewed, TARGET, on_failure=on_failure, retry=PATIENCE, say=say)
        except (PlanRefused, MigrationFailed, ApiError) as error:
            return error

    def _run_wrangler(self) -> None:
        """A request for each file, with the ledger's row behind its text; ends at the first error."""
        with suppress(ApiError):
            self.database.write(ledger.create(TARGET.table))
            names = self._names()
            for migration in self.folder.migrations:
                if migration.name not in names:
                    self.database.write(f"{migration.sql}\n{ledger.insert(TARGET.table, migration.name)}")


@dataclass
class Interruption:
    """Someone else, who acts once a run has said so many lines.

    Attributes:
        after: how many lines.
        act: what they do.
        ledger: reads the names in it.
        lines: how many were said.
        added: names that they have added to the ledger.
    """

    after: int
    act: Callable[[], object]
    ledger: Callable[[], tuple[str, ...]]
    lines: int = 0
    added: frozenset[str] = frozenset()

    def hear(self, _line: str) -> None:
        self.lines += 1
        if self.lines == self.after:
            before = self.ledger()
            self.act()
            self.added = frozenset(self.ledger()) - frozenset(before)


@pytest.mark.parametrize("half", [1, 2])
def test_after_random_runs_ledger_rows_and_schema_are_those_of_the_model(tmp_path: Path, half: int) -> None:  # noqa: ARG001 - two halves, for two workers
    with serving(tmp_path) as address:
        client = make_client(DEFAULT_TOKEN, base_url=address.base_url)
        run_state_machine_as_test(
            lambda: RandomRuns(client),  # type: ignore[arg-type]  # it calls what it is given, and needs no class
            settings=settings(
                max_examples=EXAMPLES // 2,
                stateful_step_count=STEPS,
                deadline=None,
                print_blob=True,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
            ),
        )
