"""What a stack can be configured with. Pure.

The keys of `Pulumi.<stack>.yaml` are the camelCase names of the fields. Pulumi.yaml declares each, with the same
default.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from infra.errors import ConfigError
from infra.naming import database_name

if TYPE_CHECKING:
    from collections.abc import Mapping

TOP_LEVEL = "top-level"
"""Value of `wranglerEnvironment` for a binding outside of every wrangler environment."""

_Word = Annotated[str, Field(pattern=r"^[A-Za-z_$][A-Za-z0-9_$]*$")]
_Severity = Literal["error", "warning", "ignore"]
_Path = Annotated[str, Field(min_length=1)]


def _number(value: object) -> object:
    """A Literal compares without converting, and Pulumi hands over every value as text."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


class Settings(BaseModel):
    """One environment: a database, its migrations, and its place in the wrangler configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    environment: str = Field(min_length=1, description="the stack's name: dev, prod, pr-12")
    project_name: str = Field(min_length=1, description="first part of the database's name")
    account_id: str = Field(pattern=r"^[0-9A-Za-z_-]{1,32}$", description="Cloudflare account that owns the database")
    location_hint: Literal["", "wnam", "enam", "weur", "eeur", "apac", "oc"] = ""
    jurisdiction: Literal["", "eu", "fedramp", "us"] = ""
    read_replication: Literal["auto", "disabled"] = "disabled"
    protect: bool = False
    retention_days: Annotated[Literal[7, 30], BeforeValidator(_number)] = 30
    migrations_dir: _Path = "migrations"
    migrations_table: str = Field(default="d1_migrations", min_length=1)
    edited_files: _Severity = "warning"
    missing_files: _Severity = "warning"
    out_of_order_files: _Severity = "warning"
    binding: _Word = "DB"
    wrangler_config: Annotated[str, Field(pattern=r"\.toml$")] = "wrangler.toml"
    wrangler_environment: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]*$")] = ""

    @property
    def binding_environment(self) -> str:
        """Wrangler environment of the binding; empty for the top level of the configuration."""
        chosen = self.wrangler_environment or self.environment
        return "" if chosen == TOP_LEVEL else chosen

    @property
    def database_name(self) -> str:
        """`[project]-db-[environment]`."""
        return database_name(self.project_name, self.environment)


def read_settings(values: Mapping[str, str], *, environment: str, project: str, account_id: str) -> Settings:
    """Settings of the stack `environment` from its configuration.

    Args:
        values: configuration by key without its namespace; an empty value counts as not set.
        environment: the stack's name.
        project: the Pulumi project's name, where `projectName` is not set.
        account_id: where `accountId` is not set; empty when there is none.

    Raises:
        ConfigError: one line for each key that is unknown or has a value that is not allowed.
    """
    given = {key: value for key, value in values.items() if value != ""}
    given.setdefault("projectName", project)
    if account_id:
        given.setdefault("accountId", account_id)
    try:
        settings = Settings.model_validate({**given, "environment": environment})
    except ValidationError as error:
        lines = [_complaint(str(item["loc"][0]), item, project) for item in error.errors()]
        raise ConfigError(f"the configuration of stack '{environment}' has mistakes:\n" + "\n".join(lines)) from None
    settings.database_name  # noqa: B018 - a bad name is a mistake of the configuration: say so now
    return settings


def _complaint(key: str, item: Mapping[str, object], project: str) -> str:
    """One line about one key: the bad value, what is allowed, how to set it."""
    keys = [field.alias or name for name, field in Settings.model_fields.items() if name != "environment"]
    if item["type"] == "extra_forbidden":
        close = get_close_matches(key, keys, n=1)
        hint = f"did you mean {close[0]}?" if close else f"known keys: {', '.join(keys)}"
        return f"  {project}:{key}: is not a key of this program; {hint}"
    if item["type"] == "missing":
        variable = " or export CLOUDFLARE_ACCOUNT_ID" if key == "accountId" else ""
        return f"  {project}:{key}: is not set; run 'pulumi config set {key} VALUE'{variable}"
    return f"  {project}:{key}: '{item['input']}' is not allowed: {item['msg']}"
