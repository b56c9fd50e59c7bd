"""The one reader of the stack's configuration."""

from __future__ import annotations

import os

import pulumi
from pulumi.runtime import get_config_env

from pulumi_d1.errors import ConfigError
from pulumi_d1.settings import Settings, read_settings


def stack_settings(namespace: str = "") -> Settings:
    """Settings of the stack that Pulumi is running.

    Args:
        namespace: of the keys, in a program that has other keys as well, or more than one database: `orders` reads
            `orders:migrationsDir`, and the database's name begins with `[project]-orders`. Empty for the project's own.

    Raises:
        pulumi.RunError: the configuration has mistakes; Pulumi shows the message without a traceback.
    """
    project = pulumi.get_project()
    account = pulumi.Config("cloudflare").get("accountId") or os.environ.get("CLOUDFLARE_ACCOUNT_ID", "")
    try:
        return read_settings(
            get_config_env(),
            environment=pulumi.get_stack(),
            project=project,
            account_id=account,
            namespace=namespace,
        )
    except ConfigError as error:
        raise pulumi.RunError(str(error)) from None
