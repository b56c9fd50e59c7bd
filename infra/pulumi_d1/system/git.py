"""Questions to the user's git. If git is missing or fails, there is no answer; that is no error."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_SECONDS: Final = 10


def git(folder: Path, *arguments: str) -> str:
    """Return git's output, or `""` if git fails, is missing or takes too long."""
    return (_run(folder, *arguments) or "").strip()


def uncommitted(folder: Path, names: Iterable[str]) -> tuple[str, ...]:
    """Return those of the files, relative to the folder, whose text is not known to be in git's last commit."""
    committed = _run(folder, "ls-tree", "-r", "-z", "--name-only", "HEAD", ".")
    changed = _run(folder, "diff", "-z", "--relative", "--name-only", "HEAD", "--", ".")
    if committed is None or changed is None:
        return tuple(names)
    kept = {*committed.split("\0")} - {*changed.split("\0")}
    return tuple(name for name in names if name not in kept)


def _run(folder: Path, *arguments: str) -> str | None:
    try:
        completed = subprocess.run(  # noqa: S603 - our own arguments
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return completed.stdout if completed.returncode == 0 else None
