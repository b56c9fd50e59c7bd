"""The local database of `wrangler dev` for a stack."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path

from pulumi_d1.cli.support import project
from pulumi_d1.errors import ConfigError
from pulumi_d1.wrangler import configuration_file
from pulumi_d1.wrangler.entry import WranglerEntry
from pulumi_d1.wrangler.local_databases import local_file

BUSY = "{}: another process has the local database open: stop 'wrangler dev', and run this again"


def stack_local_file(stack: str) -> Path:
    """Return the file of the local database that `wrangler dev` reads for a stack's binding; it may not exist yet.

    Raises:
        ConfigError: The wrangler configuration has no such binding.
    """
    with chdir(project.root()):  # the configuration's path is relative to it
        settings = project.settings(Path.cwd(), stack, needs_account=False)
        for place in settings.binding_places:
            entry = WranglerEntry(configuration_file.configuration_path(place.path), place.environment, place.binding)
            if (local_id := configuration_file.local_id(entry)) is not None:
                return local_file(Path(entry.path), local_id).resolve()
    raise ConfigError(f"the wrangler configuration has no binding of stack '{stack}': run 'pulumi up --stack {stack}'")
