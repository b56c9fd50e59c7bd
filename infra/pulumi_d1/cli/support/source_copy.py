"""Read a stack's database for a copy: masked if necessary, and verified in a local D1."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pulumi_d1.backups.create import BackupSource, create_backup
from pulumi_d1.backups.folder import Folder
from pulumi_d1.backups.verify import opened, verify_backup
from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.output import say
from pulumi_d1.cli.support.waiting import waiting
from pulumi_d1.copying.masks import parse_masks
from pulumi_d1.copying.snapshot import SnapshotOptions
from pulumi_d1.errors import BackupDamaged, ConfigError, CopyFailed
from pulumi_d1.escaping import escape_line
from pulumi_d1.reports.backup_text import format_contents
from pulumi_d1.system.files import prefix_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pulumi_d1.backups.artifact import Backup
    from pulumi_d1.cli.support.stack_state import EnvironmentState
    from pulumi_d1.copying.masks import Masks

KEY_VARIABLE: Final = "D1_MASK_KEY"
"""The variable with the key of the hashes. Without it, each copy has other masks."""


def mask_option() -> Callable[[click.decorators.FC], click.decorators.FC]:
    """Return the option `--mask`."""
    kind = click.Path(dir_okay=False, path_type=Path)
    return click.option("--mask", type=kind, metavar="FILE", help="YAML file with rules that mask values.")


def read_masks(file: Path | None, stack: str) -> Masks | None:
    """Return the rules of a file; None for no file.

    Raises:
        ConfigError: The file or a rule is invalid, or the stack requires a mask.
    """
    if file is None:
        if project.settings(project.root(), stack, needs_account=False).require_mask:
            raise ConfigError(
                f"nothing was copied: stack '{stack}' has the key requireMask: name a file of rules with --mask FILE"
            )
        return None
    content = project.read_mapping(file)
    with prefix_errors(file):
        return parse_masks(content, os.environ.get(KEY_VARIABLE, "").encode() or secrets.token_bytes(32))


@contextmanager
def source_copy(state: EnvironmentState, masks: Masks | None) -> Iterator[Backup]:
    """Read a database into a temporary backup, which is verified and open in the block.

    Raises:
        D1Error: The database cannot be read, or the copy does not load.
    """
    name = state.database_name
    with tempfile.TemporaryDirectory() as temporary:
        place = Folder(Path(temporary))
        source = BackupSource(state.database(), name, state.migrations_table)
        effort = SnapshotOptions(masks, announce=lambda effort: say(f"reading {name}: {effort}"))
        stored = create_backup(source, place, effort)
        try:
            with waiting(f"verifying the copy of {name}"):
                verify_backup(place, stored.name)
        except BackupDamaged as error:
            problem = str(error).removeprefix(f"{stored.name} ")  # a temporary file
            advice = ". If a rule causes this, correct it" if masks else ""
            raise CopyFailed(f"nothing was copied: the copy of {name} {problem}{advice}") from error
        for column in masks.rules if masks else ():
            say(f"  masked      {escape_line('.'.join(column))}")
        say(f"  read        {format_contents(stored.manifest)}, verified in a local D1")
        with opened(place, stored.name) as backup:
            yield backup
