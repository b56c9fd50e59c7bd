"""`d1 engine`: gets the Pulumi engine onto this machine, or says which one is used."""

from __future__ import annotations

import click


@click.command()
def engine() -> None:
    r"""Get the Pulumi engine onto this machine.

    Uses the first that works: pulumi on PATH, the official installer, a build from Go modules (needs Go, takes about
    five minutes, once). Then gets the Cloudflare provider plugin, or says that the emulator's stand-in is used.

    \b
    Examples:
      d1 engine
      d1 engine && d1 local -- pulumi preview --stack dev
    """
    from engine import finder, provider

    def say(line: str) -> None:
        click.echo(line, err=True)

    found = finder.get(say)
    provider.get(found, say)
    plugin = f"plugin {provider.version()}" if provider.is_installed() else "stand-in, for the emulator only"
    click.echo(f"Pulumi engine: {found.version} from {found.source} ({found.executable})")
    click.echo(f"Cloudflare provider: {plugin}")
