"""The Cloudflare provider plugin: Pulumi's own, or the stand-in if that can't be downloaded."""

from __future__ import annotations

import json
import logging
import os
import subprocess
from importlib.metadata import distribution
from pathlib import Path

from tools.engine import finder, installer, scripts

DOWNLOADS_URL = "https://get.pulumi.com/releases/plugins/"

logger = logging.getLogger(__name__)


def version() -> str:
    """Return the version of the plugin that the installed pulumi_cloudflare needs, such as `6.23.1`."""
    # Importing the package instead would take two seconds.
    file = Path(str(distribution("pulumi-cloudflare").locate_file("pulumi_cloudflare/pulumi-plugin.json")))
    return str(json.loads(file.read_text())["version"])


def is_installed() -> bool:
    """Return whether Pulumi's own plugin of that version is on this machine."""
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    return (home / "plugins" / f"resource-cloudflare-v{version()}").is_dir()


def variables() -> dict[str, str]:
    """Return the variables with which the engine finds the stand-in, if Pulumi's own plugin is not installed.

    On PATH, Pulumi would warn of it several times in each run. In the user's own home, real runs would find it.
    """
    return {} if is_installed() else {"PULUMI_HOME": str(scripts.write_home_of_standin(version()))}


def get(engine: finder.Engine) -> None:
    """Let the engine download Pulumi's own plugin, or report that the stand-in is used."""
    if is_installed():
        return
    reason = installer.unreachable(DOWNLOADS_URL)
    if reason is None:
        logger.info(f"Downloading the Cloudflare provider plugin {version()}.")
        try:
            subprocess.run(  # noqa: S603 - the engine that we found
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
    logger.info(f"The Cloudflare provider plugin can't be downloaded ({reason}); the stand-in is used.")
