"""The Cloudflare provider plugin: Pulumi's own, or the stand-in where that can't be downloaded."""

from __future__ import annotations

import json
import os
import subprocess
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

from tools.engine import finder, installer, scripts

if TYPE_CHECKING:
    from collections.abc import Callable

DOWNLOADS_URL = "https://get.pulumi.com/releases/plugins/"


def version() -> str:
    """Version of the plugin that the installed pulumi_cloudflare asks for, such as `6.23.1`."""
    # Importing the package would tell too, and take two seconds.
    file = Path(str(distribution("pulumi-cloudflare").locate_file("pulumi_cloudflare/pulumi-plugin.json")))
    return str(json.loads(file.read_text())["version"])


def is_installed() -> bool:
    """Whether Pulumi's own plugin of that version is on this machine."""
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    return (home / "plugins" / f"resource-cloudflare-v{version()}").is_dir()


def path() -> tuple[Path, ...]:
    """Folders that go in front of PATH so that the engine finds a provider plugin."""
    return () if is_installed() else (scripts.provider_standin(),)


def get(engine: finder.Engine, say: Callable[[str], None]) -> None:
    """Has the engine download Pulumi's own plugin, or says that the stand-in is used."""
    if is_installed():
        return
    reason = installer.reachable(DOWNLOADS_URL)
    if reason is None:
        say(f"Downloading the Cloudflare provider plugin {version()}.")
        try:
            subprocess.run(  # noqa: S603 - the engine found above
                [engine.executable, "plugin", "install", "resource", "cloudflare", version()],
                env={**os.environ, **finder.environment(engine)},
                capture_output=True,
                text=True,
                timeout=installer.INSTALL_SECONDS,
                check=True,
            )
        except subprocess.CalledProcessError as error:
            reason = installer.last_line(error.stderr)
        except subprocess.TimeoutExpired:
            reason = f"it did not end within {installer.INSTALL_SECONDS} s"
        else:
            return
    say(f"The Cloudflare provider plugin can't be downloaded ({reason}); the emulator gets the stand-in provider.")
