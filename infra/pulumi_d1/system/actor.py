"""Who runs this, and from which commit: for the history. Never an error: what can't be told is empty."""

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
"""Who started the pipeline: the git user there is a robot, or nobody."""

_GIT_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Actor:
    """Who applies files.

    Attributes:
        by: the CI's user, else git's user.email, else the login name.
        commit: of the checkout, 40 hexadecimal digits, with `-dirty` where the folder is not as in it; empty outside
            of git.
    """

    by: str
    commit: str


def find(folder: Path, environment: Mapping[str, str] = os.environ) -> Actor:
    """The actor of a run that applies the files of `folder`."""
    by = next((environment[name] for name in _CI_USERS if environment.get(name)), "")
    return Actor(by or _git(folder, "config", "user.email") or _login(), _commit(folder))


def _commit(folder: Path) -> str:
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    changed = commit and _git(folder, "status", "--porcelain", "--", ".")
    return f"{commit}-dirty" if changed else commit


def _git(folder: Path, *arguments: str) -> str:
    """What git prints; empty where it fails, is not there, or takes too long."""
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container's user may have no name
        return ""
