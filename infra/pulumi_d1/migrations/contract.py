"""Contract files: the second half of a change, which only code that is deployed already survives. Pure.

A file with the comment `-- d1:contract REASON` waits until it is released for a stack.
"""

from __future__ import annotations

from typing import Final

from pulumi_d1.sqlite.statements import comments

MARK: Final = "d1:contract"


def is_contract(sql: str) -> bool:
    """Return whether a file has the mark, in a comment that starts with it."""
    if MARK not in sql:
        return False
    return any(comment.text.lstrip("-/* ").split()[:1] == [MARK] for comment in comments(sql))
