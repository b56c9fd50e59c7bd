"""Executables that the engine and `d1 local` find by their file names.

They are in the virtual environment but not in its `bin`, because activating it must not put a stand-in on PATH.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pulumi_d1.system.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FOLDER: Final = Path(sys.prefix) / "share" / "d1"
_SELF: Final = shlex.join([sys.executable, str(Path(__file__).resolve().parent)])
BINARIES: Final = _FOLDER / "bin"
"""The folder of our `pulumi`; `d1 local` puts it in front of PATH."""


def write_pulumi(executable: Path, folders: Sequence[Path], variables: Mapping[str, str]) -> Path:
    """Write the script `pulumi`, which runs the engine with its plugins. Returns its path.

    Args:
        folders: The folders of plugins to put in front of PATH.
    """
    path = os.pathsep.join([*(shlex.quote(str(folder)) for folder in folders), '"$PATH"'])
    exports = " ".join([f"PATH={path}", *(f"{name}={shlex.quote(value)}" for name, value in variables.items())])
    return _write_script(BINARIES / "pulumi", f'export {exports}\nexec {shlex.quote(str(executable))} "$@"')


def write_language_host() -> Path:
    """Write the language host for an engine that came without one. Returns its path."""
    return _write_script(_FOLDER / "language-host", f'exec {_SELF} language-host "$@"')


def write_provider_standin() -> Path:
    """Write the stand-in `pulumi-resource-cloudflare` for PATH. Returns its folder."""
    return _write_standin(_FOLDER / "provider-standin")


def write_home_of_standin(version: str) -> Path:
    """Write the stand-in as an installed plugin of this version. Returns the folder for PULUMI_HOME."""
    home = _FOLDER / "pulumi-home"
    _write_standin(home / "plugins" / f"resource-cloudflare-v{version}")
    return home


def _write_standin(folder: Path) -> Path:
    return _write_script(folder / "pulumi-resource-cloudflare", f'exec {_SELF} provider-standin "$@"').parent


def _write_script(path: Path, body: str) -> Path:
    text = f"#!/bin/sh\n{body}\n"
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text, mode=0o755)
    return path
