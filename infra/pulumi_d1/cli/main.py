"""The `d1` command. A command's module is imported when the command runs."""

from __future__ import annotations

from functools import partial
from typing import Final

import click

from pulumi_d1.cli.support.group import LazyGroup
from pulumi_d1.cli.support.output import say
from pulumi_d1.system.log import show_messages

COMMANDS: Final = {
    # name: (module:attribute, first sentence of its help), so that `d1 --help` imports no command
    "adopt": ("pulumi_d1.cli.adopt:adopt", "Let 'pulumi up' adopt an existing database."),
    "backup": ("pulumi_d1.cli.backup:backup", "Make, verify and restore backups that outlive their database."),
    "baseline": ("pulumi_d1.cli.baseline:baseline", "Mark migrations as applied without running them."),
    "comment": ("pulumi_d1.cli.comment:comment", "Render the review of a pull request as Markdown."),
    "contract": ("pulumi_d1.cli.contract:contract", "Release files that wait until the previous code is gone."),
    "copy": ("pulumi_d1.cli.copy:copy", "Copy the rows of a stack to another stack."),
    "emulator": ("d1_emulator.command:emulator", "Serve a local Cloudflare with D1 and Time Travel."),
    "ephemeral": ("pulumi_d1.cli.ephemeral:ephemeral", "Create, list and delete environments of pull requests."),
    "explain": ("pulumi_d1.cli.explain:explain", "Explain a finding, a term or a page of the documentation."),
    "fleet": ("pulumi_d1.cli.fleet.group:fleet", "Migrate many databases with the same migrations."),
    "history": ("pulumi_d1.cli.history:history", "Show who applied which file, and when."),
    "init": ("pulumi_d1.cli.init:init", "Add the Pulumi program to a Worker project."),
    "local": ("d1_emulator.local:local", "Run COMMAND, or a shell, against a local D1."),
    "new": ("pulumi_d1.cli.new:new", "Create the next migration."),
    "plan": ("pulumi_d1.cli.plan:plan", "Show pending migrations and their problems."),
    "pull": ("pulumi_d1.cli.pull:pull", "Copy the rows of a stack into the local database of wrangler dev."),
    "rebuild": ("pulumi_d1.cli.rebuild:rebuild", "Rebuild tables without losing rows."),
    "release": ("pulumi_d1.cli.release:release", "Let a file be applied again after a restore."),
    "render": ("pulumi_d1.cli.render:render", "Write the stacks' databases into wrangler's configuration."),
    "report": ("pulumi_d1.cli.report:report", "Write a page about all environments."),
    "restore": ("pulumi_d1.cli.restore:restore", "Restore a database to an earlier point in time."),
    "schema": ("pulumi_d1.cli.schema:schema", "Print the schema that the migrations create."),
    "squash": ("pulumi_d1.cli.squash:squash", "Write one migration in place of several."),
    "status": ("pulumi_d1.cli.status:status", "Show the migrations of every environment."),
    "sweep": ("pulumi_d1.cli.sweep:sweep", "Find and delete leftovers of pull requests."),
    "test": ("pulumi_d1.cli.test:test", "Run the tests of the migrations."),
    "undo": ("pulumi_d1.cli.undo:undo", "Undo a migration with a new one, without losing later writes."),
}


WIDEST_HELP: Final = 120
"""Columns of help in a wider terminal: longer lines are hard to read."""


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDEST_HELP},
)
@click.version_option(package_name="pulumi-d1", prog_name="d1")
@click.option("--namespace", metavar="NAME", help="Component, if the program has several databases.")
def main(namespace: str | None) -> None:  # noqa: ARG001 - read by cli.support.project
    """Manage Cloudflare D1 databases as code, beside pulumi and wrangler."""
    show_messages(partial(say, err=True))
