"""The folders of the repository that the wheel contains."""

from __future__ import annotations

from pathlib import Path


def packaged_folder(name: str) -> Path:
    """Return a folder of ours: inside the package of a wheel, at the top of a checkout."""
    installed = Path(__file__).parents[1] / name
    return installed if installed.is_dir() else Path(__file__).parents[3] / name
