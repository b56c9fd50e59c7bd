"""Delete the old files once the squashed one is there. A command that was killed leaves some, which no run accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pulumi_d1.migrations.folder import Migration


def find_unfinished(files: Sequence[Migration], through: str) -> tuple[Migration, tuple[Migration, ...]] | None:
    """Return the squashed file that ends with `through`, and those of its files that are still there; None without one.

    Raises:
        ConfigError: One of them has another text than the one that was squashed.
    """
    squashed = next((file for file in files if file.squashed and file.squashed[-1].name == through), None)
    if squashed is None:
        return None
    texts = {text.name: text for text in squashed.squashed}
    left = tuple(file for file in files if file.name in texts)
    for file in left:
        if not file.sha256.startswith(texts[file.name].digest):
            raise ConfigError(
                f"{file.name} was changed since {squashed.name} took its place, and that lacks the change: nothing was "
                "deleted. Move the change into a new file, or undo it"
            )
    return squashed, left


def delete_files(folder: Path, paths: Iterable[Path]) -> None:
    """Delete files, and the folders inside of `folder` that are empty then."""
    for path in paths:
        path.unlink(missing_ok=True)
        if path.parent != folder and not any(path.parent.iterdir()):
            path.parent.rmdir()
