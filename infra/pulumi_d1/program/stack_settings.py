"""The stack's configuration, read from Pulumi."""

from __future__ import annotations

import os

import pulumi
from pulumi.runtime import get_config_env

from pulumi_d1.errors import ConfigError
from pulumi_d1.program.pulumi_sdk import refusal
from pulumi_d1.settings import Settings, read_settings


def stack_settings(namespace: str = "") -> Settings:
    """Return the settings of the stack that Pulumi is running.

    Args:
        namespace: The namespace of the keys in a program with other keys, or with more than one database: `orders`
            reads `orders:migrationsDir`, and the database's name begins with `[project]-orders`. Empty for the
            project's own.

    Raises:
        pulumi.RunError: The configuration has mistakes; Pulumi prints the message without a traceback.
    """
    try:
        return read_settings(
            get_config_env(),
            environment=pulumi.get_stack(),
            project=pulumi.get_project(),
            account_id=os.environ.get("CLOUDFLARE_ACCOUNT_ID", ""),
            namespace=namespace,
        )
    except ConfigError as error:
        raise refusal(str(error)) from None
