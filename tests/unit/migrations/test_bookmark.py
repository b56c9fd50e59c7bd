"""Commands that are printed for a shell."""

from __future__ import annotations

import shlex

import pytest

from pulumi_d1.migrations.bookmark import restore_command


def test_a_bookmark_of_cloudflare_needs_no_quotes() -> None:
    bookmark = "00000085-0000024c-00004c6d-8e61117bf38d7adb71b934ebbf891683"
    assert restore_command("shop-db-dev", bookmark) == (
        f"wrangler d1 time-travel restore shop-db-dev --bookmark={bookmark}"
    )


@pytest.mark.parametrize("text", ["x; rm -rf ~", "$(id)", "`id`", "a'b", "", "a\nb", "&& id"])
def test_a_shell_reads_any_other_text_as_one_word(text: str) -> None:
    assert shlex.split(restore_command(text, text)) == [
        *("wrangler", "d1", "time-travel", "restore", text),
        f"--bookmark={text}",
    ]
