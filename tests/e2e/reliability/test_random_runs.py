"""Random runs: after any changes, faults and interference, ledger, rows and schema agree with a model."""

from __future__ import annotations

import os
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

from d1_emulator.faults.behaviour import Behaviour, ImportKind
from d1_emulator.server import DEFAULT_ACCOUNT_ID, DEFAULT_TOKEN, serving
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import Client, make_client
from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.errors import ApiError, MigrationFailed, PlanRefused
from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.live import read_ledger
from pulumi_d1.migrations.rehearsal.rows.options import RehearsalOptions, RowsMode
from pulumi_d1.migrations.review.review import review_database
from pulumi_d1.migrations.run.options import OnFailure, RunOptions
from pulumi_d1.migrations.run.runner import RunReport, apply
from pulumi_d1.system.log import show_messages
from tests.support.reliability.folder import SEED, Flaw, Model, RandomFolder, Way, runnable
from tests.support.runner import TARGET, arrange

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.thorough

Fault = dict[str, Any]

EXAMPLES = 250
"""Random runs with each kind of import. RANDOM_RUNS=1000 tries more."""

STEPS = 6

PATIENCE = Retry(sleep=lambda _: None)
NO_ROWS = RehearsalOptions(RowsMode.MADE)
NAMES = count()
SCHEMA = "SELECT name FROM sqlite_master WHERE name GLOB 'made_*' OR name GLOB 'trigger_*' OR name = 'd1_migrations'"
LOG = "SELECT number || '.' || edition AS name FROM log ORDER BY rowid"

WAYS = st.lists(st.sampled_from(Way), min_size=2, max_size=4)
FLAWS = st.sampled_from([Flaw.FORBIDDEN, Flaw.NONE, Flaw.FORBIDDEN, Flaw.NONE, Flaw.SYNTAX])
LINES = st.integers(1, 4)
BEFORE_OR_AFTER = st.sampled_from(["before", "after"])
KINDS = ["error", "bad-gateway", "drop", "invalid-json", "nested-json", "failure", "rate-limited"]
ANSWERS = st.sampled_from(
    [{"fault": kind} for kind in KINDS]
    + [{"fault": "bad-gateway", "status": status} for status in (403, 404, 408, 499)]
)
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
        lambda aim, fault, when, nth, times: {**aim, **fault, "when": when, "nth": nth, "times": times},
        AIMS,
        ANSWERS,
        BEFORE_OR_AFTER,
        st.integers(1, 3),
        st.integers(1, 2),
    ),
    st.builds(
        lambda fault, when, nth: {"endpoint": "import", "fault": fault, "when": when, "nth": nth},
        st.sampled_from(["import-error", "import-active"]),
        BEFORE_OR_AFTER,
        st.integers(1, 3),
    ),
)


class RandomRuns(RuleBasedStateMachine):
    """A folder, a database, and the model of it."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.account = Account(client, DEFAULT_ACCOUNT_ID, PATIENCE)
        self.database = self.account.create(f"random-{next(NAMES)}")
        self.database.write(SEED)
        self.folder = RandomFolder()
        self.model = Model()
        self.checkpoints = [(self.database.bookmark(), self.model)]

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

    @precondition(lambda self: self.model.applied)
    @rule(number=st.integers(0, 99))
    def edit_an_applied_file(self, number: int) -> None:
        applied_files = self.model.applied
        self.folder.change(self.folder.now(applied_files[number % len(applied_files)]), Flaw.NONE)

    @precondition(lambda self: self.model.pending(self.folder))
    @rule(number=st.integers(0, 99), flaw=FLAWS)
    def break_a_pending_file(self, number: int, flaw: Flaw) -> None:
        pending = self.model.pending(self.folder)
        self.folder.change(pending[number % len(pending)], flaw)

    @precondition(lambda self: any(file.flaw for file in self.model.pending(self.folder)))
    @rule()
    def fix_all_files(self) -> None:
        for file in self.model.pending(self.folder):
            if file.flaw:
                self.folder.change(file, Flaw.NONE)

    @rule(on_failure=st.sampled_from(OnFailure))
    def run(self, on_failure: OnFailure) -> None:
        pending = self.model.pending(self.folder)
        good = runnable(pending, Flaw.FORBIDDEN)
        names = tuple(file.name for file in good)
        result = self._run(on_failure)
        if Flaw.SYNTAX in {file.flaw for file in pending}:
            assert isinstance(result, PlanRefused)
        elif good == pending:
            assert isinstance(result, RunReport)
            assert result.ran == names
            self.model = self.model.after(good)
        else:
            assert isinstance(result, MigrationFailed)
            assert result.failed == pending[len(good)].name
            restored = on_failure is OnFailure.RESTORE
            assert result.applied == (() if restored else names)
            self.model = self.model if restored else self.model.after(good)
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
        good = runnable(self.model.pending(self.folder), Flaw.SYNTAX, Flaw.FORBIDDEN)
        self._run_wrangler()
        self.model = self.model.after(good)
        self._compare()

    @rule(number=st.integers(0, 99))
    def someone_goes_back(self, number: int) -> None:
        bookmark, self.model = self.checkpoints[number % len(self.checkpoints)]
        self.database.restore(bookmark)
        self._compare()

    def _compare(self) -> None:
        """Compare the database with the model, and keep a bookmark of it."""
        schema = {row["name"] for row in self.database.read(SCHEMA)}
        names = self.database.read(ledger.select(TARGET.table)) if TARGET.table in schema else ()
        assert {
            "ledger": [row["name"] for row in names],
            "log": [row["name"] for row in self.database.read(LOG)],
            "schema": sorted(schema - {TARGET.table}),
        } == self.model.traces
        self.checkpoints.append((self.database.bookmark(), self.model))

    def _interruption(self, line: int, *, by_wrangler: bool) -> Interruption:
        return Interruption(line, self._run_wrangler if by_wrangler else self._run, self._names)

    def _names(self) -> tuple[str, ...]:
        return read_ledger(self.database, TARGET.table)

    def _run_with_surprises(self, on_failure: OnFailure, faults: list[Fault], other: Interruption | None) -> None:
        """Run, and check only this: the run applies the files in order, and none that cannot be applied."""
        before, pending = self.model, self.model.pending(self.folder)
        reachable = runnable(pending, Flaw.SYNTAX, Flaw.FORBIDDEN)
        arrange(self.database, faults=faults)
        result = self._run(on_failure, other.count if other else lambda _: None)
        arrange(self.database)
        names = self._names()
        assert other is None or other.added <= {*names}, "a restore undoes nothing of anyone else's"
        self.model = before.after(reachable[: len(names) - len(before.applied)])
        assert names == tuple(file.name for file in self.model.applied)
        if isinstance(result, RunReport):
            assert reachable == pending
            assert sorted([*result.ran, *result.by_others]) == [file.name for file in pending]
            assert result.ledger == names
        self._compare()

    def _run(
        self, on_failure: OnFailure = OnFailure.STOP, show: Callable[[str], None] = lambda _: None
    ) -> RunReport | PlanRefused | MigrationFailed | ApiError:
        """Return the report or the error of one of our runs."""
        recorded = {file.name: file.migration.sha256 for file in self.model.applied}
        try:
            review = review_database(self.database, self.folder.migrations, TARGET.table, recorded, options=NO_ROWS)
            show_messages(show)
            return apply(self.database, review, TARGET, options=RunOptions(on_failure=on_failure), retry=PATIENCE)
        except (PlanRefused, MigrationFailed, ApiError) as error:
            return error
        finally:
            show_messages(lambda _: None)

    def _run_wrangler(self) -> None:
        """Send one request for each file, with the ledger row behind its text. Stop at the first error."""
        with suppress(ApiError):
            self.database.write(ledger.create(TARGET.table))
            names = self._names()
            for migration in self.folder.migrations:
                if migration.name not in names:
                    self.database.write(f"{migration.sql}\n{ledger.insert(TARGET.table, migration.name)}")


@dataclass
class Interruption:
    """Someone else, who acts after a run has logged a number of messages.

    Attributes:
        after: The number of messages.
        act: Their action.
        ledger: Reads the names in the ledger.
        messages: The number of messages so far.
        added: The names that they have added to the ledger.
    """

    after: int
    act: Callable[[], object]
    ledger: Callable[[], tuple[str, ...]]
    messages: int = 0
    added: frozenset[str] = frozenset()

    def count(self, _message: str) -> None:
        self.messages += 1
        if self.messages == self.after:
            before = self.ledger()
            self.act()
            self.added = frozenset(self.ledger()) - frozenset(before)


@pytest.mark.parametrize("imports", ImportKind)
def test_after_random_runs_ledger_rows_and_schema_agree_with_the_model(tmp_path: Path, imports: ImportKind) -> None:
    with serving(tmp_path, behaviour=Behaviour(imports=imports)) as address:
        client = make_client(DEFAULT_TOKEN, base_url=address.base_url)
        run_state_machine_as_test(
            lambda: RandomRuns(client),  # type: ignore[arg-type]  # it only calls its argument
            settings=settings(
                max_examples=int(os.environ.get("RANDOM_RUNS", EXAMPLES)),
                stateful_step_count=STEPS,
                deadline=None,
                print_blob=True,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
            ),
        )
