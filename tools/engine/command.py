"""`python tools/engine`: get the Pulumi engine onto this machine, or report which one is used."""

from __future__ import annotations

import click

from tools.engine import finder, provider, scripts


@click.command()
def engine() -> None:
    """Get the Pulumi engine onto this machine, for `d1 local` in this checkout.

    Uses the first that works: pulumi on PATH, the official installer, a build from Go modules (needs Go; takes about
    five minutes, once). Then gets the Cloudflare provider plugin, or falls back to the emulator's stand-in.
    """

    def say(line: str) -> None:
        click.echo(line, err=True)

    found = finder.get(say)
    provider.get(found, say)
    scripts.pulumi(found.executable, (*provider.path(), *found.path), finder.variables())
    plugin = f"plugin {provider.version()}" if provider.is_installed() else "stand-in, for the emulator only"
    click.echo(f"Pulumi engine: {found.version} from {found.source} ({found.executable})")
    click.echo(f"Cloudflare provider: {plugin}")
