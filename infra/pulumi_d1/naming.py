"""Names of databases, `[project]-db-[environment]`, and of environments. Pure."""

from __future__ import annotations

import re
from typing import Final

from pulumi_d1.errors import ConfigError

TITLES: Final = {"dev": "Development", "prod": "Production"}
"""What the environments that every project has are called in a table."""

MAX_LENGTH = 64
"""Characters in a name, chosen here: Cloudflare documents no limit, and a longer one is unreadable in its lists."""

_ALLOWED = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]*")  # Cloudflare's API reference, D1 create


def is_database_name(name: str) -> bool:
    """Whether D1 accepts `name`, whatever its length."""
    return _ALLOWED.fullmatch(name) is not None


def database_name(project: str, environment: str) -> str:
    """Name of the database of `environment`: `shop` and `dev` give `shop-db-dev`.

    Raises:
        ConfigError: the result is not a name that D1 accepts, or could be that of another project.
    """
    if "-db-" in f"-{environment}":
        raise ConfigError(
            f"a stack can't be called '{environment}': where the stack begins has to be told from the name of its "
            f"database, '{project}-db-{environment}', so its name can't begin with 'db-' or hold '-db-'"
        )
    name = f"{project}-db-{environment}"
    if not is_database_name(name):
        suggestion = re.sub(r"[^a-zA-Z0-9_-]+", "-", name).strip("-_")
        raise ConfigError(
            f"'{name}' is not a name for a D1 database: it may hold letters, digits, '-' and '_', and starts with a "
            f"letter or digit, such as '{suggestion}'. It is made of the project '{project}' (config key projectName, "
            f"else the name in Pulumi.yaml) and the stack '{environment}'"
        )
    if len(name) > MAX_LENGTH:
        raise ConfigError(
            f"'{name}' has {len(name)} characters, and a D1 database's name at most {MAX_LENGTH} here: "
            f"set the config key projectName to at most {MAX_LENGTH - len(f'-db-{environment}')} characters"
        )
    return name


def title_of(environment: str) -> str:
    """What people call an environment: Development, Production, or else the stack's own name."""
    name = environment.rpartition("/")[2]  # an organization may stand before it
    return TITLES.get(name, name)
