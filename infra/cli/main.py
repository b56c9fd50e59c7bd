"""The command group. Commands load when they are called, so that `d1 --help` stays fast.

Commands of this package are named in `_OWN`; other packages add theirs through the entry point group `d1.commands`,
so that nothing here imports the emulator or the engine.
"""

from __future__ import annotations

import click

from infra.cli.group import LazyGroup

_OWN = {
    "adopt": "infra.cli.adopt:adopt",
    "baseline": "infra.cli.baseline:baseline",
    "comment": "infra.cli.comment:comment",
    "ephemeral": "infra.cli.ephemeral:ephemeral",
    "fleet": "infra.cli.fleet:fleet",
    "history": "infra.cli.history:history",
    "init": "infra.cli.init:init",
    "plan": "infra.cli.plan:plan",
    "release": "infra.cli.release:release",
    "render": "infra.cli.render:render",
    "restore": "infra.cli.restore:restore",
    "status": "infra.cli.status:status",
    "sweep": "infra.cli.sweep:sweep",
}


@click.group(cls=LazyGroup, own=_OWN, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pulumi-d1", prog_name="d1")
@click.option("--namespace", metavar="NAME", help="Which D1Environment of a larger program: docs/component.md.")
def main(namespace: str | None) -> None:
    """Cloudflare D1 databases as code: what neither pulumi nor wrangler does."""
