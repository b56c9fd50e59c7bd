"""The user of a run and the commit, for the history. If one cannot be determined, it is empty; that is no error."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.system.git import git

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_CI_USERS: Final = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN")
"""Variables with the user who started a pipeline. The git user there is a robot or not set."""


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
    return Actor(by or git(folder, "config", "user.email") or _login(), _commit(folder))


def _commit(folder: Path) -> str:
    commit = git(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    changed = commit and git(folder, "status", "--porcelain", "--", ".")
    return f"{commit}-dirty" if changed else commit


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container's user may have no name
        return ""
