"""The history joined with the ledger, and the files that were applied after a bookmark."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pulumi_d1.migrations.bookmark import Bookmark
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.live import LiveDatabase
from pulumi_d1.migrations.past.events import applied_digests, events_after, join_history
from pulumi_d1.migrations.past.history import Application, application_from_json
from pulumi_d1.migrations.past.loss import estimate_loss
from pulumi_d1.migrations.squashes import squash_marks, squashed_texts

NOW = datetime.now(UTC).replace(microsecond=0)
MONTH = timedelta(days=30)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def application(name: str, bookmark: str, minutes: float) -> Application:
    taken = Bookmark(bookmark, ago(minutes), MONTH)
    return Application(name, f"digest of {name} at {bookmark}", ago(minutes), 0.1, "ada", "c0ffee", taken)


def live(**minutes: float) -> LiveDatabase:
    return LiveDatabase(tuple(minutes), (), {name: ago(when) for name, when in minutes.items()})


def never(_time: datetime) -> str:
    pytest.fail("the history is enough")


HISTORY = [application("one", "b10", 50), application("two", "b20", 40), application("three", "b20", 40)]


def test_files_that_others_applied_are_in_order_of_time() -> None:
    events = join_history(HISTORY, live(one=50, wrangler=45, two=40, three=40))
    assert [(event.name, event.application is not None) for event in events] == [
        ("one", True),
        ("wrangler", False),
        ("two", True),
        ("three", True),
    ]
    assert all(event.in_ledger for event in events)


def test_a_file_that_was_undone_and_applied_again_is_listed_twice() -> None:
    again = application("two", "b30", 5)
    events = join_history([*HISTORY, again], live(one=50, two=5))
    assert [(event.name, event.in_ledger) for event in events] == [
        ("one", True),
        ("two", False),
        ("three", False),
        ("two", True),
    ]


def test_a_row_that_is_later_than_our_application_is_someone_elses() -> None:
    events = join_history(HISTORY, live(one=50, two=3))
    assert [(event.name, event.application is None) for event in events if event.in_ledger] == [
        ("one", False),
        ("two", True),
    ]


def test_a_row_without_a_time_comes_first_and_is_never_after_a_bookmark() -> None:
    events = join_history([], LiveDatabase(("old",), (), {}))
    assert [(event.name, event.time) for event in events] == [("old", None)]
    assert events_after(events, "b10", MONTH, never) == ()


@pytest.mark.parametrize(("bookmark", "names"), [("b20", ["two", "three"]), ("b10", ["one", "two", "three"])])
def test_the_bookmark_before_a_run_is_before_all_of_its_files(bookmark: str, names: list[str]) -> None:
    events = join_history(HISTORY, live(one=50, two=40, three=40))
    assert [event.name for event in events_after(events, bookmark, MONTH, never)] == names


def test_a_bookmark_after_the_last_run_is_ordered_by_cloudflares_clock() -> None:
    events = join_history(HISTORY, live(one=50, two=40, three=40, wrangler=10))
    times: list[datetime] = []

    def at(time: datetime) -> str:
        times.append(time)
        return "b35" if time > ago(10) else "b25"

    assert [event.name for event in events_after(events, "b30", MONTH, at)] == ["wrangler"]
    assert times == [ago(10) + timedelta(seconds=1), ago(40) + timedelta(seconds=1)]
    assert events_after(events, "b35", MONTH, at) == ()


def test_a_file_of_this_second_is_after_and_one_beyond_the_retention_before() -> None:
    events = join_history([], LiveDatabase(("old", "new"), (), {"old": ago(60 * 24 * 31), "new": datetime.now(UTC)}))
    assert [event.name for event in events_after(events, "b30", MONTH, never)] == ["new"]


def test_the_digest_is_of_the_applied_text_not_of_the_folders() -> None:
    files = [Migration(name, "edited since") for name in ("one", "two", "wrangler")]
    events = join_history(HISTORY, live(one=50, two=40, wrangler=10))
    digests = applied_digests(["two", "wrangler", "unknown"], events, {"two": "stale", "one": "recorded"}, files)
    assert digests == {"two": "digest of two at b20", "wrangler": files[2].sha256}
    assert applied_digests(["wrangler"], events, {"wrangler": "recorded"}, files) == {"wrangler": "recorded"}


def test_files_that_were_squashed_are_not_undone_and_a_restore_to_before_them_undoes_them_too() -> None:
    squash = replace(application("squash", "b30", 5), squashed=("two", "three"))
    events = join_history([*HISTORY, squash], live(one=50, squash=5))
    assert [event.note for event in events] == ["", "squashed", "squashed", ""]
    assert [event.name for event in events_after(events, "b30", MONTH, never)] == ["squash"]
    assert [event.name for event in events_after(events, "b20", MONTH, never)] == ["two", "three", "squash"]
    assert application_from_json(squash.as_json()) == squash
    before = join_history([*HISTORY, squash], live(one=50, two=40, three=40))  # a restore undid the swap
    assert [event.note for event in before] == ["", "", "", "undone"]


def test_a_restore_to_just_before_a_swap_loses_none_of_the_schema() -> None:
    old = Migration("two", "CREATE TABLE t (a);")
    text = f"{squash_marks(squashed_texts([old]))}CREATE TABLE t (a);"
    squash = replace(application("squash", "b30", 5), squashed=("two",))
    events = join_history([*HISTORY[:2], squash], live(one=50, squash=5))
    for bookmark, lost in (("b30", []), ("b20", ["t"])):
        undone = events_after(events, bookmark, MONTH, never)
        loss = estimate_loss(undone, live(one=50, squash=5), [Migration("squash", text)], "d1_migrations")
        assert [change.name for change in loss.schema] == lost
        [unknown] = loss.unknown[:1]
        assert unknown.startswith("squash took the place of 1 files: those of them that were applied after that moment")
