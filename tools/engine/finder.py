"""Find or get the Pulumi engine: PATH, the cache, the official installer, a build from Go modules."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from pulumi_d1.errors import ConfigError
from tools.engine import build, cache, installer, scripts

INSTALLER_URL = "https://get.pulumi.com/install.sh"
INSTALLED = f"pulumi-{version('pulumi')}-official"
"""The cache entry of the installer, which installs the version of the SDK."""

ON_PATH = "PATH"
OFFICIAL = "official installer"
BUILT = "Go modules"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Engine:
    """A Pulumi engine that runs.

    Attributes:
        version: The version, such as `3.276.0`.
        source: The source: ON_PATH, OFFICIAL or BUILT.
        path: The folders to put in front of PATH, so that the engine finds its Python language host.
    """

    executable: Path
    version: str
    source: str
    path: tuple[Path, ...]


def find() -> Engine | None:
    """Return the engine that this machine already has, or None. Uses no network."""
    if (on_path := _pulumi_on_path()) and (engine := _checked(Path(on_path), ON_PATH)):
        return engine
    for entry, source in ((INSTALLED, OFFICIAL), (build.entry_name(), BUILT)):
        if (folder := cache.lookup(entry)) and (engine := _checked(folder / "bin" / "pulumi", source)):
            return engine
    return None


def get() -> Engine:
    """Return the engine that this machine has, or get one.

    Raises:
        ConfigError: Every attempt failed; the message names what to install.
    """
    if engine := find():
        return engine
    if on_path := _pulumi_on_path():
        problem = f"does not run, is older than {build.version()}, or has no pulumi-language-python"
        logger.info(f"{on_path} is not used: it {problem}.")
    logger.info("No Pulumi engine on PATH or in the cache; trying the official installer.")
    if reason := installer.unreachable(INSTALLER_URL):
        logger.info(f"The installer can't be reached ({reason}); next: a build from Go modules.")
    else:
        try:
            cache.get_or_make(INSTALLED, installer.install)
        except ConfigError as error:
            logger.info(f"{error}; next: a build from Go modules.")
    if engine := find():
        return engine
    folder = cache.get_or_make(build.entry_name(), build.build)
    if engine := _checked(folder / "bin" / "pulumi", BUILT):
        return engine
    raise ConfigError(f"the Pulumi engine in {folder} was built but does not run; remove the folder and try again")


def environment(engine: Engine) -> dict[str, str]:
    """Return the variables of a process that uses `engine`, PATH included."""
    folders = [*map(str, engine.path), os.environ.get("PATH", os.defpath)]
    return {"PATH": os.pathsep.join(folders), **variables()}


def variables() -> dict[str, str]:
    """Return the variables that every engine needs beside PATH."""
    return {"PULUMI_SKIP_UPDATE_CHECK": "true", build.LANGUAGE_HOST_VARIABLE: str(scripts.write_language_host())}


def _pulumi_on_path() -> str | None:
    """Return the pulumi on PATH. Our own script is skipped: under `d1 local` it would start itself."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    others = (folder for folder in folders if Path(folder) != scripts.BINARIES)
    return shutil.which("pulumi", path=os.pathsep.join(others))


def _checked(executable: Path, source: str) -> Engine | None:
    """Return the engine, or None if it does not run, is older than the one to build, or has no language host."""
    try:
        answer = subprocess.run(  # noqa: S603 - found on PATH or installed by us
            [executable, "version"],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found_version = answer.stdout.strip().removeprefix("v")
    if _numbers(found_version) < _numbers(build.version()):
        return None
    beside = os.pathsep.join([str(executable.resolve().parent), os.environ.get("PATH", os.defpath)])
    if not shutil.which("pulumi-language-python", path=beside):
        return None
    return Engine(executable, found_version, source, () if source == ON_PATH else (executable.parent,))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text.partition("-")[0])[:3])
