"""The type tokens in a stack's state. Imports nothing, so that the `d1` command reads states without Pulumi."""

from __future__ import annotations

from typing import Final

STACK: Final = "pulumi:pulumi:Stack"
ENVIRONMENT: Final = "d1:index:Environment"
DATABASE: Final = "cloudflare:index/d1Database:D1Database"
MIGRATIONS: Final = "pulumi-python:dynamic/d1:Migrations"
