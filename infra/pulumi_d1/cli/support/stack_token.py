"""The API token of a stack: the environment's, or the secret `cloudflare:apiToken` that `pulumi up` uses."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from pulumi_d1.cli.support import project
from pulumi_d1.cli.support.pulumi_process import capture_json
from pulumi_d1.cloudflare.account import connect_account

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.account import Account
    from pulumi_d1.cloudflare.pace import Pace
    from pulumi_d1.settings import Settings

_KEY: Final = "cloudflare:apiToken"


def stack_token(stack: str) -> str | None:
    """Return the token in the stack's configuration if the environment has none; None for the environment's.

    Raises:
        ConfigError: pulumi cannot decrypt the configuration.
    """
    file = project.root() / f"Pulumi.{stack}.yaml"
    if os.environ.get("CLOUDFLARE_API_TOKEN") or not file.is_file():
        return None
    content = project.read_mapping(file)
    config = content.get("config")
    if not (isinstance(config, dict) and _KEY in config) and "environment" not in content:  # one of Pulumi ESC has keys
        return None
    shown = capture_json("config", "--json", "--show-secrets", "--stack", stack)
    return str(shown[_KEY]["value"]) if _KEY in shown else None


def stack_account(settings: Settings, pace: Pace | None = None) -> Account:
    """Return the account of a stack's database. Sends no request to Cloudflare.

    Raises:
        ConfigError: There is no token, or pulumi cannot decrypt it.
    """
    return connect_account(settings.account_id, token=stack_token(settings.environment), pace=pace)
