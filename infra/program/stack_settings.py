"""The one reader of the stack's configuration."""

from __future__ import annotations

import os

import pulumi
from pulumi.runtime import get_config_env

from infra.errors import ConfigError
from infra.settings import Settings, read_settings


def stack_settings() -> Settings:
    """Settings of the stack that Pulumi is running.

    Raises:
        pulumi.RunError: the configuration has mistakes; Pulumi shows the message without a traceback.
    """
    account = pulumi.Config("cloudflare").get("accountId") or os.environ.get("CLOUDFLARE_ACCOUNT_ID", "")
    try:
        return read_settings(
            get_config_env(), environment=pulumi.get_stack(), project=pulumi.get_project(), account_id=account
        )
    except ConfigError as error:
        raise pulumi.RunError(str(error)) from None
