"""What a stack can be configured with. Pure.

The keys of `Pulumi.<stack>.yaml` are the camelCase names of the fields. Pulumi.yaml declares each, with the same
default.
"""

from __future__ import annotations

from datetime import timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.alias_generators import to_camel

from pulumi_d1.ephemeral.names import PERMANENT, pull_request_of_stack
from pulumi_d1.ephemeral.ttl import DEFAULT_TTL, parse_ttl
from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.plan import Problem, Severity
from pulumi_d1.migrations.quarantine import Quarantine, read_quarantine
from pulumi_d1.migrations.run.options import OnFailure, RunOptions
from pulumi_d1.naming import database_name, is_database_name

if TYPE_CHECKING:
    from collections.abc import Mapping

TOP_LEVEL = "top-level"
"""Value of `wranglerEnvironment` for a binding outside of every wrangler environment."""

DEFAULT_SEEDS = "seeds"
"""Folder of the seeds of an ephemeral stack that names none; it need not be there."""

NONE = "none"
"""Value of `seeds` for an ephemeral stack that is to have none."""

_Word = Annotated[str, Field(pattern=r"^[A-Za-z_$][A-Za-z0-9_$]*$")]
_Severity = Literal["error", "warning", "ignore"]
_Path = Annotated[str, Field(min_length=1)]
_Uuid = Annotated[str, Field(pattern=r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$")]


def _number(value: object) -> object:
    """A Literal compares without converting, and Pulumi hands over every value as text."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _is_configuration(path: str) -> str:
    if path and not path.endswith((".toml", ".jsonc", ".json")):
        raise ValueError("it must end in .toml, .jsonc or .json")
    return path


def _is_name(name: str) -> str:
    if name and not is_database_name(name):
        raise ValueError("it may hold letters, digits, '-' and '_', and starts with a letter or digit")
    if pull_request_of_stack(name.rpartition("-db-")[2]):
        raise ValueError("it is what the database of a pull request is called, which 'd1 sweep' takes away")
    return name


def _is_quarantine(text: str) -> str:
    try:
        return str(read_quarantine(text, ""))
    except ConfigError as error:
        raise ValueError(str(error)) from None


class Settings(BaseModel):
    """One environment: a database, its migrations, and its place in the wrangler configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    environment: str = Field(min_length=1, description="the stack's name: dev, prod, pr-12")
    namespace: str = Field(default="", description="of the keys, where it is not the project's")
    project_name: str = Field(min_length=1, description="first part of the database's name")
    account_id: str = Field(pattern=r"^[0-9A-Za-z_-]{1,32}$", description="Cloudflare account that owns the database")
    location_hint: Literal["", "wnam", "enam", "weur", "eeur", "apac", "oc"] = ""
    jurisdiction: Literal["", "eu", "fedramp", "us"] = ""
    read_replication: Literal["auto", "disabled"] = "disabled"
    protect: bool = False
    confirm_deletion: _Uuid = ""
    ttl: str = ""
    given_name: Annotated[str, AfterValidator(_is_name)] = Field(default="", alias="databaseName")
    export_on_destroy: bool = True
    exports_dir: _Path = "exports"
    retention_days: Annotated[Literal[7, 30], BeforeValidator(_number)] = 30
    migrations_dir: _Path = "migrations"
    migrations_pattern: str = ""
    migrations_table: str = Field(default="d1_migrations", min_length=1)
    edited_files: _Severity = "warning"
    missing_files: _Severity = "warning"
    out_of_order_files: _Severity = "warning"
    dangerous_files: _Severity = "warning"
    on_failure: Literal["stop", "restore"] = "stop"
    quarantine: Annotated[str, AfterValidator(_is_quarantine)] = ""
    adopt: _Uuid = ""
    seeds: str = ""
    copy_from: str = ""
    binding: _Word = "DB"
    wrangler_config: Annotated[str, AfterValidator(_is_configuration)] = ""
    wrangler_environment: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]*$")] = ""

    @field_validator("ttl")
    @classmethod
    def _is_ttl(cls, text: str, info: ValidationInfo) -> str:
        if text and (info.data.get("environment") in PERMANENT or info.data.get("protect")):
            raise ValueError("dev, prod and a stack with protect never expire")
        try:
            parse_ttl(text or DEFAULT_TTL)
        except ConfigError as error:
            raise ValueError(str(error)) from None
        return text

    @field_validator("given_name")
    @classmethod
    def _is_not_ephemeral(cls, value: str, info: ValidationInfo) -> str:
        # A configuration that was copied from another stack's would let 'pulumi destroy' take that one's database.
        # The key adopt alone does not: it takes over the database of the stack's own name, or none.
        if value and (info.data.get("ttl") or pull_request_of_stack(info.data.get("environment", ""))):
            raise ValueError("an ephemeral stack takes over no database that exists: take the key out")
        return value

    @field_validator("seeds", "copy_from")
    @classmethod
    def _is_not_for_production(cls, value: str, info: ValidationInfo) -> str:
        environment = info.data.get("environment", "")
        if value and (environment in {"prod", "production"} or info.data.get("protect")):
            raise ValueError("prod, and a stack with protect, is never seeded or copied into: set it for other stacks")
        if value == environment and info.field_name == "copy_from":
            raise ValueError("a stack can't be a copy of itself: name another one")
        return value

    @field_validator("export_on_destroy")
    @classmethod
    def _is_ephemeral(cls, export: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - pydantic's signature
        known = info.data
        lives_on = known.get("protect") or not (known.get("ttl") or pull_request_of_stack(known.get("environment", "")))
        if not export and lives_on:
            raise ValueError("only an ephemeral stack, of a pull request or with a ttl, may go without an export")
        return export

    @property
    def seeds_dir(self) -> str:
        """Folder of the seeds; empty for none. Ephemeral stacks that copy nothing have one without being told."""
        if self.seeds:
            return "" if self.seeds == NONE else self.seeds
        return DEFAULT_SEEDS if self.lifetime and not self.copy_from else ""

    @property
    def lifetime(self) -> str:
        """How long the environment lives after its last run, such as `7d` or `never`; empty unless it is ephemeral.

        Ephemeral are the stacks of pull requests, and those that have a `ttl`; never one that is protected.
        """
        if self.protect:
            return ""
        return self.ttl or (DEFAULT_TTL if pull_request_of_stack(self.environment) else "")

    @property
    def binding_environment(self) -> str:
        """Wrangler environment of the binding; empty for the top level of the configuration."""
        chosen = self.wrangler_environment or self.environment
        return "" if chosen == TOP_LEVEL else chosen

    @property
    def run_options(self) -> RunOptions:
        """The stack's decisions about its runs."""
        policy = {
            Problem.EDITED: Severity(self.edited_files),
            Problem.MISSING: Severity(self.missing_files),
            Problem.OUT_OF_ORDER: Severity(self.out_of_order_files),
            Problem.DANGEROUS: Severity(self.dangerous_files),
        }
        return RunOptions(policy, OnFailure(self.on_failure), timedelta(days=self.retention_days))

    @property
    def quarantined(self) -> Quarantine:
        """What a restore took back, and must not be applied again."""
        return read_quarantine(self.quarantine, self.environment)

    @property
    def database_name(self) -> str:
        """`[project]-db-[environment]`, or the name that was given in its place."""
        return self.given_name or database_name(self.project_name, self.environment)

    def key(self, name: str) -> str:
        """What the key `name` is called by `pulumi config set`."""
        return f"{self.namespace}:{name}" if self.namespace else name


KEYS = tuple(
    str(field.alias) for name, field in Settings.model_fields.items() if name not in {"environment", "namespace"}
)
"""The keys of a stack's configuration, without namespace."""

_PROVIDERS = ("cloudflare", "pulumi")
"""Namespaces in which others have keys of the same name, such as cloudflare:accountId."""


def read_settings(
    config: Mapping[str, str], *, environment: str, project: str, account_id: str, namespace: str = ""
) -> Settings:
    """Settings of the stack `environment` from its configuration.

    Args:
        config: the stack's whole configuration, by key with its namespace; an empty value counts as not set.
        environment: the stack's name.
        project: the Pulumi project's name: the namespace of our keys, and the default of `projectName`.
        account_id: where `accountId` is not set; empty when there is none.
        namespace: of our keys where it is not the project's, in a program that has others as well; it is then part of
            the default of `projectName`.

    Raises:
        ConfigError: one line for each key that is unknown or has a value that is not allowed.
    """
    space = namespace or project
    own = {key.removeprefix(f"{space}:"): value for key, value in config.items() if key.startswith(f"{space}:")}
    renamed = () if namespace else _of_another_project(config, project)
    lines = [*renamed, *(_unknown(key, space) for key in own if key not in KEYS)]
    given = {key: value for key, value in own.items() if key in KEYS and value != ""}
    given.setdefault("projectName", f"{project}-{namespace}" if namespace else project)
    if account_id:
        given.setdefault("accountId", account_id)
    try:
        settings = Settings.model_validate({**given, "environment": environment, "namespace": namespace})
    except ValidationError as error:
        lines += [_complaint(str(item["loc"][0]), item, space, namespace) for item in error.errors()]
    else:
        if not lines:
            settings.database_name  # noqa: B018 - a bad name is a mistake of the configuration: say so now
            return settings
    raise ConfigError("\n".join([f"the configuration of stack '{environment}' has mistakes:", *lines]))


def _of_another_project(config: Mapping[str, str], project: str) -> list[str]:
    """A key of ours under the name that the project had before: ignored, it would unprotect a database in silence."""
    return [
        f"  {full}: belongs to a project of another name; this one is '{project}': rename the key to {project}:{key}"
        for full in config
        for namespace, _, key in [full.partition(":")]
        if key in KEYS and namespace not in {project, *_PROVIDERS}
    ]


def _unknown(key: str, space: str) -> str:
    close = get_close_matches(key, KEYS, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known keys: {', '.join(KEYS)}"
    return f"  {space}:{key}: is not a key of this program; {hint}"


def _complaint(key: str, item: Mapping[str, object], space: str, namespace: str) -> str:
    """One line about one value: the bad one, what is allowed, how to set it."""
    if item["type"] == "missing":
        variable = " or export CLOUDFLARE_ACCOUNT_ID" if key == "accountId" else ""
        full = f"{namespace}:{key}" if namespace else key
        return f"  {space}:{key}: is not set; run 'pulumi config set {full} VALUE'{variable}"
    return f"  {space}:{key}: '{item['input']}' is not allowed: {str(item['msg']).removeprefix('Value error, ')}"
