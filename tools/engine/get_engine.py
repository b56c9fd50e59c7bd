"""`python tools/engine`: get the Pulumi engine for `d1 local` in this checkout, and print which one it is.

It uses the first that works: pulumi on PATH, the official installer, a build from Go modules (needs Go; takes about
five minutes, once). Then it gets the Cloudflare provider plugin, or falls back to the emulator's stand-in.
"""

from __future__ import annotations

import argparse
import logging
import sys

from pulumi_d1.errors import D1Error
from tools.engine import finder, provider_plugin, scripts


def main() -> str | None:
    """Get the engine and the provider. Returns the error message, or None."""
    as_written = argparse.RawDescriptionHelpFormatter
    argparse.ArgumentParser("python tools/engine", description=__doc__, formatter_class=as_written).parse_args()
    logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stderr)
    try:
        engine = finder.get()
        provider_plugin.get(engine)
    except D1Error as error:
        return f"Error: {error}"
    variables = {**finder.variables(), **provider_plugin.variables()}
    scripts.write_pulumi(engine.executable, engine.path, variables)
    installed = provider_plugin.is_installed()
    plugin = f"plugin {provider_plugin.version()}" if installed else "stand-in, for the emulator only"
    sys.stdout.write(f"Pulumi engine: {engine.version} from {engine.source} ({engine.executable})\n")
    sys.stdout.write(f"Cloudflare provider: {plugin}\n")
    return None
