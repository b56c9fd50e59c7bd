"""The command group. Commands load when they are called, so that `d1 --help` stays fast.

Commands of this package are named in `_OWN`; other packages add theirs through the entry point group `d1.commands`,
so that nothing here imports the emulator or the engine.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

import click

_OWN = {
    "adopt": "infra.cli.adopt:adopt",
    "baseline": "infra.cli.baseline:baseline",
    "comment": "infra.cli.comment:comment",
    "fleet": "infra.cli.fleet:fleet",
    "history": "infra.cli.history:history",
    "init": "infra.cli.init:init",
    "plan": "infra.cli.plan:plan",
    "release": "infra.cli.release:release",
    "render": "infra.cli.render:render",
    "restore": "infra.cli.restore:restore",
    "status": "infra.cli.status:status",
}


class _LazyGroup(click.Group):
    """A group whose commands are imported when they run or are listed, and whose errors are one message."""

    def invoke(self, ctx: click.Context) -> Any:
        """The one place where an error becomes an exit code."""
        from infra.errors import D1Error

        try:
            return super().invoke(ctx)
        except D1Error as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            raise click.ClickException(f"{place}{error.strerror or error}") from error

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted({*_OWN, *(point.name for point in entry_points(group="d1.commands"))})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        for name, target in _OWN.items():
            if name == cmd_name:
                module, _, attribute = target.partition(":")
                found = getattr(import_module(module), attribute)
                break
        else:
            points = entry_points(group="d1.commands", name=cmd_name)
            if not points:
                return None
            found = next(iter(points)).load()
        assert isinstance(found, click.Command)  # noqa: S101 - what the entry point group promises
        return _with_kept_lines(found)


def _with_kept_lines(command: click.Command) -> click.Command:
    """The command, with click's mark for lines that stay apart: in a raw docstring it is two characters."""
    command.help = (command.help or "").replace("\\b\n", "\b\n")
    for inner in getattr(command, "commands", {}).values():
        _with_kept_lines(inner)
    return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pulumi-d1", prog_name="d1")
@click.option("--namespace", metavar="NAME", help="Which D1Environment of a larger program: docs/component.md.")
def main(namespace: str | None) -> None:
    """Cloudflare D1 databases as code: what neither pulumi nor wrangler does."""
