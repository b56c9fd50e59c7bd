"""The official Pulumi installer, where the open internet can be reached."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

PROBE_SECONDS = 12
"""How long one look at the internet may take before the next way is tried."""

INSTALL_SECONDS = 600

_INSTALL = """
import sys
from pulumi.automation import PulumiCommand
PulumiCommand.install(root=sys.argv[1])
"""


def reachable(url: str) -> str | None:
    """None if `url` answers within PROBE_SECONDS, else one line that says why not.

    The look runs in a process of its own: a name server that never answers can't be timed out from inside.
    """
    look = f"import urllib.request as r; r.urlopen(r.Request({url!r}, method='HEAD'), timeout={PROBE_SECONDS - 2})"
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", look], capture_output=True, text=True, timeout=PROBE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {PROBE_SECONDS} s"
    return None if done.returncode == 0 else last_line(done.stderr)


def last_line(output: str) -> str:
    """The line of a program's output that says most."""
    return (output.strip().splitlines() or ["it gave no reason"])[-1]


def install(into: Path) -> None:
    """Installs the engine that matches the installed SDK into the folder `into`.

    Raises:
        ConfigError: the installer failed.
    """
    try:
        subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", _INSTALL, str(into)], check=True, capture_output=True, timeout=INSTALL_SECONDS
        )
    except subprocess.CalledProcessError as error:
        raise ConfigError(f"the official installer failed: {last_line(error.stderr.decode())}") from error
    except subprocess.TimeoutExpired as error:
        raise ConfigError(f"the official installer did not end within {INSTALL_SECONDS} s") from error
