"""The official Pulumi installer, for machines that reach the open internet."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

PROBE_SECONDS = 12
"""The longest time of one request to the internet before the next attempt."""

INSTALL_SECONDS = 600

_INSTALL = """
import sys
from pulumi.automation import PulumiCommand
PulumiCommand.install(root=sys.argv[1])
"""


def unreachable(url: str) -> str | None:
    """Return why `url` does not answer within PROBE_SECONDS, or None if it does.

    The request runs in its own process, because a lookup of a silent name server cannot be timed out from inside.
    """
    request = f"import urllib.request as r; r.urlopen(r.Request({url!r}, method='HEAD'), timeout={PROBE_SECONDS - 2})"
    try:
        probe = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", request], capture_output=True, text=True, timeout=PROBE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {PROBE_SECONDS} s"
    return None if probe.returncode == 0 else last_line(probe.stderr)


def last_line(output: str) -> str:
    """Return the last line of a program's output, which usually has the reason of a failure."""
    return (output.strip().splitlines() or ["it gave no reason"])[-1]


def install(into: Path) -> None:
    """Install the engine that matches the installed SDK into a folder.

    Raises:
        ConfigError: The installer failed.
    """
    try:
        subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", _INSTALL, str(into)], check=True, capture_output=True, timeout=INSTALL_SECONDS
        )
    except subprocess.CalledProcessError as error:
        raise ConfigError(f"the official installer failed: {last_line(error.stderr.decode())}") from error
    except subprocess.TimeoutExpired as error:
        raise ConfigError(f"the official installer did not end within {INSTALL_SECONDS} s") from error
