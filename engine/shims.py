"""The stand-in provider as an executable.

The engine finds a provider by its file name on PATH. The script lies in the virtual environment in which this package
is installed, away from its `bin`: activating the environment must not put a stand-in on anybody's PATH.
"""

from __future__ import annotations

import sys
from pathlib import Path

from infra.files import write_atomically

_SCRIPT = f"""#!/bin/sh
exec "{sys.executable}" -P -m engine.standin "$@"
"""


def provider_standin() -> Path:
    """Folder with the stand-in `pulumi-resource-cloudflare`."""
    folder = Path(sys.prefix) / "share" / "d1" / "provider-standin"
    script = folder / "pulumi-resource-cloudflare"
    if not script.exists() or script.read_text() != _SCRIPT:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(script, _SCRIPT, mode=0o755)
    return folder
