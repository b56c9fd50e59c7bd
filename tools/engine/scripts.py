"""Executables that the engine and `d1 local` find by their file names.

They lie in the virtual environment but not in its `bin`: activating the environment must not put a stand-in on PATH.
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


def pulumi(executable: Path, folders: Sequence[Path], variables: Mapping[str, str]) -> Path:
    """Return a script that runs `executable`; `d1 local` puts its folder in front of PATH.

    Args:
        executable: The Pulumi CLI.
        folders: What goes in front of PATH: the engine's own plugins and the provider.
        variables: What else the engine needs in its environment.
    """
    path = os.pathsep.join([*(shlex.quote(str(folder)) for folder in folders), '"$PATH"'])
    exports = " ".join([f"PATH={path}", *(f"{name}={shlex.quote(value)}" for name, value in variables.items())])
    return _written("bin/pulumi", f'export {exports}\nexec {shlex.quote(str(executable))} "$@"')


def language_host() -> Path:
    """Return the language host for an engine that came without one."""
    return _written("language-host", f'exec {_SELF} language-host "$@"')


def provider_standin() -> Path:
    """Return the folder of the stand-in `pulumi-resource-cloudflare`."""
    return _written("provider-standin/pulumi-resource-cloudflare", f'exec {_SELF} provider-standin "$@"').parent


def _written(name: str, body: str) -> Path:
    path, text = _FOLDER / name, f"#!/bin/sh\n{body}\n"
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text, mode=0o755)
    return path
