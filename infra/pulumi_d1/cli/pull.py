"""`d1 pull`: the rows of a stack in the local database of wrangler dev."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pulumi_d1.cli.support.local_file import BUSY, stack_local_file
from pulumi_d1.cli.support.options import complete_stacks, stack_option
from pulumi_d1.cli.support.output import say
from pulumi_d1.cli.support.source_copy import mask_option, read_masks, source_copy
from pulumi_d1.cli.support.stack_state import read_environment
from pulumi_d1.copying.local import replace_local
from pulumi_d1.errors import CopyFailed

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@stack_option("Stack whose rows to copy.")
@click.option(
    "--as",
    "local_stack",
    metavar="STACK",
    shell_complete=complete_stacks,
    help="Stack whose local database to replace.  [default: the same]",
)
@mask_option()
def pull(*, stack: str, local_stack: str | None, mask: Path | None) -> None:
    r"""Copy the rows of a stack into the local database of wrangler dev.

    Replaces the local database of the stack's binding, completely or not at all, and creates it if necessary. Refuses
    while 'wrangler dev' has it open.

    \b
    Examples:
      d1 pull --stack dev
      d1 pull --stack prod --as dev --mask masks.yaml
    """
    masks = read_masks(mask, stack)
    path = stack_local_file(local_stack or stack)
    with source_copy(read_environment(stack), masks) as backup:
        contents = replace_local(path, backup.text(), BUSY.format(path))
        if differences := backup.manifest.contents.differences(contents):
            raise CopyFailed(f"{path} differs from the copy: {'; '.join(differences)}. Run this again")
    say(f"{path}: schema, rows and digests are the same")
