"""`d1 pull`: the rows of a stack in the local database of wrangler dev."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path

import click

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.options import complete_stacks, stack_option
from pulumi_d1.cli.support.output import say
from pulumi_d1.cli.support.source_copy import mask_option, read_masks, source_copy
from pulumi_d1.cli.support.stack_state import read_environment
from pulumi_d1.copying.local import replace_local
from pulumi_d1.errors import ConfigError, CopyFailed
from pulumi_d1.wrangler import configuration_file
from pulumi_d1.wrangler.entry import WranglerEntry
from pulumi_d1.wrangler.local_databases import local_file


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
    with chdir(project.root()):  # the configuration's path is relative to it
        path = _local_file(local_stack or stack).resolve()
    busy = f"{path}: another process has the local database open: stop 'wrangler dev', and run this again"
    with source_copy(read_environment(stack), masks) as backup:
        contents = replace_local(path, backup.text(), busy)
        if differences := backup.manifest.contents.differences(contents):
            raise CopyFailed(f"{path} differs from the copy: {'; '.join(differences)}. Run this again")
    say(f"{path}: schema, rows and digests are the same")


def _local_file(stack: str) -> Path:
    """Return the file of the local database that `wrangler dev` reads for a stack's binding.

    Raises:
        ConfigError: The wrangler configuration has no such binding.
    """
    settings = project.settings(Path.cwd(), stack, needs_account=False)
    for place in settings.binding_places:
        entry = WranglerEntry(configuration_file.configuration_path(place.path), place.environment, place.binding)
        if (local_id := configuration_file.local_id(entry)) is not None:
            return local_file(Path(entry.path), local_id)
    raise ConfigError(f"the wrangler configuration has no binding of stack '{stack}': run 'pulumi up --stack {stack}'")
