"""The `d1` command: what neither pulumi nor wrangler does."""

from infra.cli.main import main

__all__ = ["main"]
