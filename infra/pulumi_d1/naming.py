"""Names of databases, `[project]-db-[environment]`, and of environments. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ConfigError
from pulumi_d1.escaping import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterable

DEVELOPMENT: Final = "dev"

PRODUCTION_NAMES: Final = ("prod", "production")
"""Names that the production environment may have; the first one is the default."""

TITLES: Final = ("Development", "Production")
"""Titles of the environments that every project has."""

MAX_LENGTH: Final = 64
"""Longest name of a database, in characters. Cloudflare documents no limit; a longer one is unreadable in its lists."""

_ALLOWED: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]*")  # Cloudflare's API reference, D1 create


def is_database_name(name: str) -> bool:
    """Return whether D1 accepts the name, whatever its length."""
    return _ALLOWED.fullmatch(name) is not None


def require_database_name(name: str) -> None:
    """Refuse a name that D1 does not accept.

    Raises:
        ConfigError: D1 does not accept it.
    """
    if not is_database_name(name):
        raise ConfigError(
            f"'{escape_line(name)}' is not a name for a D1 database: use letters, digits, '-' and '_', and start with "
            "a letter or digit"
        )


def database_name(project: str, environment: str) -> str:
    """Return the name of an environment's database: `shop-db-dev` for `shop` and `dev`.

    Raises:
        ConfigError: D1 does not accept the name, or it could be the name of another project's database.
    """
    name = f"{project}-db-{environment}"
    shown, stack = escape_line(name), escape_line(environment)
    if "-db-" in f"-{environment}":
        raise ConfigError(
            f"a stack cannot be called '{stack}': its database '{shown}' could be another project's. Choose a "
            "name that neither starts with 'db-' nor contains '-db-'"
        )
    if not is_database_name(name):
        suggestion = re.sub(r"[^a-zA-Z0-9_-]+", "-", name).strip("-_")
        raise ConfigError(
            f"'{shown}' is not a name for a D1 database: use letters, digits, '-' and '_', and start with a letter or "
            f"digit, such as '{suggestion}'. The name consists of the project '{escape_line(project)}' (config key "
            f"projectName, or the name in Pulumi.yaml) and the stack '{stack}'"
        )
    if len(name) > MAX_LENGTH:
        raise ConfigError(
            f"'{name}' has {len(name)} characters; a database's name may have {MAX_LENGTH}: "
            f"set the config key projectName to at most {MAX_LENGTH - len(f'-db-{environment}')} characters"
        )
    return name


def without_organization(stack: str) -> str:
    """Return a stack's name without the organization that may precede it: `prod` for `acme/prod`."""
    return stack.rpartition("/")[2]


def is_production(environment: str) -> bool:
    """Return whether an environment is production: `prod` or `production`, also behind an organization."""
    return without_organization(environment) in PRODUCTION_NAMES


def production_name(environments: Iterable[str]) -> str:
    """Return the name that production has among the environments, or `prod` if it is not among them."""
    names = {without_organization(environment) for environment in environments}
    return next((name for name in PRODUCTION_NAMES if name in names), PRODUCTION_NAMES[0])


def title_of(environment: str) -> str:
    """Return the title of an environment: Development, Production, or the name of the stack."""
    development, production = TITLES
    if is_production(environment):
        return production
    name = without_organization(environment)
    return development if name == DEVELOPMENT else name
