"""The `d1` command group. A command's module is imported when the command runs."""

from __future__ import annotations

import click

from pulumi_d1.cli.support.group import LazyGroup

_COMMANDS = {
    # name: (module:attribute, short help), so that `d1 --help` imports no command
    "adopt": ("pulumi_d1.cli.adopt:adopt", "Let 'pulumi up' take over an existing database."),
    "baseline": ("pulumi_d1.cli.baseline:baseline", "Mark migrations as applied without running them."),
    "comment": ("pulumi_d1.cli.comment:comment", "Render what is pending for a pull request."),
    "emulator": ("d1_emulator.command:emulator", "Serve a local Cloudflare with D1 and Time Travel."),
    "ephemeral": ("pulumi_d1.cli.ephemeral:ephemeral", "Environments of pull requests: up, down, list."),
    "fleet": ("pulumi_d1.cli.fleet:fleet", "Migrate many databases that are alike."),
    "history": ("pulumi_d1.cli.history:history", "Show who applied which file, and when."),
    "init": ("pulumi_d1.cli.init:init", "Add the Pulumi program to a Worker project."),
    "local": ("d1_emulator.local:local", "Run COMMAND against a local D1."),
    "plan": ("pulumi_d1.cli.plan:plan", "Show pending migrations and their problems."),
    "release": ("pulumi_d1.cli.release:release", "Let a file be applied again after a restore."),
    "render": ("pulumi_d1.cli.render:render", "Write the stacks' databases for wrangler."),
    "restore": ("pulumi_d1.cli.restore:restore", "Restore a database to an earlier point in time."),
    "status": ("pulumi_d1.cli.status:status", "Show every environment: applied and pending."),
    "sweep": ("pulumi_d1.cli.sweep:sweep", "Delete what pull requests left behind."),
}


@click.group(cls=LazyGroup, lazy=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pulumi-d1", prog_name="d1")
@click.option("--namespace", metavar="NAME", help="Which D1Environment of a larger program: docs/component.md.")
def main(namespace: str | None) -> None:
    """Cloudflare D1 databases as code: what neither pulumi nor wrangler does."""
