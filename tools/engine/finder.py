"""Finds or gets the Pulumi engine: PATH, the cache, the official installer, a build from Go modules."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError
from tools.engine import build, cache, installer, scripts

if TYPE_CHECKING:
    from collections.abc import Callable

INSTALLER_URL = "https://get.pulumi.com/install.sh"
INSTALLED = f"pulumi-{version('pulumi')}-official"
"""Name in the cache of what the installer gets: it installs the version of the SDK."""

ON_PATH = "PATH"
OFFICIAL = "official installer"
BUILT = "Go modules"


@dataclass(frozen=True, slots=True)
class Engine:
    """A Pulumi engine that runs.

    Attributes:
        executable: the Pulumi CLI.
        version: such as `3.250.0`.
        source: where it came from: ON_PATH, OFFICIAL or BUILT.
        path: folders that go in front of PATH to use it, with a Python language host.
    """

    executable: Path
    version: str
    source: str
    path: tuple[Path, ...]


def find() -> Engine | None:
    """The engine that this machine already has, or None. Touches no network."""
    if (on_path := shutil.which("pulumi")) and (engine := _engine(Path(on_path), ON_PATH)):
        return engine
    for entry, source in ((INSTALLED, OFFICIAL), (build.entry_name(), BUILT)):
        if (folder := cache.lookup(entry)) and (engine := _engine(folder / "bin" / "pulumi", source)):
            return engine
    return None


def get(say: Callable[[str], None]) -> Engine:
    """The engine that this machine has, or else can get. `say` is told of each step that takes time.

    Raises:
        ConfigError: none of the ways works; the message names what to install.
    """
    if engine := find():
        return engine
    if (on_path := shutil.which("pulumi")) is not None:
        say(f"{on_path} does not run, is older than {build.version()}, or has no pulumi-language-python: not used.")
    say("No Pulumi engine on PATH or in the cache; trying the official installer.")
    if reason := installer.reachable(INSTALLER_URL):
        say(f"The installer can't be reached ({reason}); next: a build from Go modules.")
    else:
        try:
            cache.get_or_make(INSTALLED, installer.install, say)
        except ConfigError as error:
            say(f"{error}; next: a build from Go modules.")
    if engine := find():
        return engine
    folder = cache.get_or_make(build.entry_name(), lambda into: build.build(into, say), say)
    if engine := _engine(folder / "bin" / "pulumi", BUILT):
        return engine
    raise ConfigError(f"the Pulumi engine in {folder} was built but does not run; remove the folder and try again")


def environment(engine: Engine) -> dict[str, str]:
    """Return the variables of a process that uses `engine`, PATH included."""
    folders = [*map(str, engine.path), os.environ.get("PATH", os.defpath)]
    return {"PATH": os.pathsep.join(folders), **variables()}


def variables() -> dict[str, str]:
    """Return the variables that every engine needs beside PATH."""
    return {"PULUMI_SKIP_UPDATE_CHECK": "true", build.LANGUAGE_HOST_VARIABLE: str(scripts.language_host())}


def _engine(executable: Path, source: str) -> Engine | None:
    """The engine at `executable`; None when it does not run, is older than the one that we build, or has no Python."""
    try:
        answer = subprocess.run(  # noqa: S603 - found on PATH or made by us
            [executable, "version"],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = answer.stdout.strip().removeprefix("v")
    if _numbers(found) < _numbers(build.version()):
        return None
    beside = os.pathsep.join([str(executable.resolve().parent), os.environ.get("PATH", os.defpath)])
    if not shutil.which("pulumi-language-python", path=beside):
        return None
    return Engine(executable, found, source, () if source == ON_PATH else (executable.parent,))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text.partition("-")[0])[:3])
