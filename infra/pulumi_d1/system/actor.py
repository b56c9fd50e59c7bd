"""The user of a run and the commit, for the history. If one cannot be determined, it is empty; that is no error."""

from __future__ import annotations

import getpass
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_CI_USERS: Final = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN")
"""Variables with the user who started a pipeline. The git user there is a robot or not set."""

_GIT_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Actor:
    """The origin of a run.

    Attributes:
        by: The CI's user, or git's user.email, or the login name.
        commit: The checkout's commit in 40 hexadecimal digits, with `-dirty` if the folder has changes; empty outside
            of git.
    """

    by: str
    commit: str


def find_actor(folder: Path, environment: Mapping[str, str] = os.environ) -> Actor:
    """Return the actor of a run that applies the files of `folder`."""
    by = next((environment[name] for name in _CI_USERS if environment.get(name)), "")
    return Actor(by or _git(folder, "config", "user.email") or _login(), _commit(folder))


def _commit(folder: Path) -> str:
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    changed = commit and _git(folder, "status", "--porcelain", "--", ".")
    return f"{commit}-dirty" if changed else commit


def _git(folder: Path, *arguments: str) -> str:
    """Return git's output, or `""` if git fails, is missing or takes too long."""
    try:
        completed = subprocess.run(  # noqa: S603 - our own arguments
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return completed.stdout.strip() if completed.returncode == 0 else ""


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container's user may have no name
        return ""
