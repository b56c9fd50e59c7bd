"""Files that a restore undid: their form in the stack's configuration, and the runs that they stop."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.plan import Problem, Severity, make_plan
from pulumi_d1.migrations.quarantine import Quarantine, read_quarantine
from pulumi_d1.settings import read_settings

BAD = Migration("0004_tags.sql", "CREATE TABLE tags (id);")
QUARANTINE = Quarantine("prod").with_texts([(BAD.name, BAD.sha256)])
NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1).map(lambda name: f"{name}.sql")
DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)


@given(st.lists(st.tuples(NAMES, DIGESTS)))
def test_what_is_written_is_read_again(texts: list[tuple[str, str]]) -> None:
    quarantine = Quarantine("dev").with_texts(texts)
    assert read_quarantine(str(quarantine), "dev") == quarantine


def test_the_value_is_a_list_of_files() -> None:
    both = QUARANTINE.with_texts([("a, b.sql", "f" * 64), (BAD.name, BAD.sha256)])
    assert str(both) == f"0004_tags.sql@{BAD.sha256[:12]}, a, b.sql@ffffffffffff"
    assert str(both.without("a, b.sql")) == str(QUARANTINE)
    assert str(QUARANTINE.without(BAD.name)) == ""


@pytest.mark.parametrize(
    "text", ["0004_tags.sql", "0004_tags.sql@c0ffee", "a.sql@0123456789ab; b.sql@0123456789ab", "@"]
)
def test_a_malformed_value_is_one_line_of_the_configurations_mistakes(text: str) -> None:
    with pytest.raises(ConfigError, match=r"shop:quarantine: .* is not allowed: .*NAME@DIGEST") as error:
        read_settings({"shop:quarantine": text}, environment="dev", project="shop", account_id="a")
    assert len(str(error.value).splitlines()) == 2


def test_the_text_is_stopped_whatever_the_policy_and_the_file_name() -> None:
    renamed = Migration("0005_tags.sql", BAD.sql.replace("\n", "\r\n"))
    plan = make_plan([BAD, renamed], [], {}, QUARANTINE)
    stopped = {finding.name: finding.message for finding in plan.of(Severity.ERROR, {})}
    assert list(stopped) == [BAD.name, renamed.name]
    assert stopped[BAD.name].startswith("was undone by a restore on this stack and is quarantined")
    assert stopped[renamed.name].startswith(
        "has the text of 0004_tags.sql, which was undone by a restore on this stack"
    )
    assert all("d1 release 0004_tags.sql --stack prod" in message for message in stopped.values())


def test_another_text_is_free_and_so_is_what_is_applied() -> None:
    changed = Migration(BAD.name, f"{BAD.sql}\n-- and an index\n")
    assert make_plan([changed], [], {}, QUARANTINE).problems == ()
    assert make_plan([BAD], [BAD.name], {}, QUARANTINE).problems == ()
    assert [f.problem for f in make_plan([BAD], [], {}, QUARANTINE).problems] == [Problem.QUARANTINED]
